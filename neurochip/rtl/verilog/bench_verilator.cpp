// A clock for bench.v, in Verilator; and how much CPU time goes into presentations, the rest being loading and learning.
#include <cstdio>
#include <ctime>
#include "Vbench.h"
#include "verilated.h"
int main(int argc, char **argv) {
  Verilated::commandArgs(argc, argv);
  Vbench *bench = new Vbench;
  std::clock_t since = 0, spent = 0;
  bool presents = false;
  bench->clk = 0;
  bench->eval();
  while (!bench->finished && !Verilated::gotFinish()) {
    bench->clk = !bench->clk;
    bench->eval();
    if (bench->presents != presents) {
      const std::clock_t now = std::clock();
      if (presents) spent += now - since;
      since = now;
      presents = !presents;
    }
  }
  bench->final();
  std::printf("PRESENTING %.3f\n", static_cast<double>(spent) / CLOCKS_PER_SEC);
  delete bench;
  return 0;
}
