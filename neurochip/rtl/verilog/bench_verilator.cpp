// A clock for bench.v, in Verilator.
#include "Vbench.h"
#include "verilated.h"
int main(int argc, char **argv) {
  Verilated::commandArgs(argc, argv);
  Vbench *bench = new Vbench;
  bench->clk = 0;
  bench->eval();
  while (!bench->finished && !Verilated::gotFinish()) {
    bench->clk = !bench->clk;
    bench->eval();
  }
  bench->final();
  delete bench;
  return 0;
}
