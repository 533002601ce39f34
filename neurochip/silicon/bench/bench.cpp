// Drives tinyODIN or ODIN through its pins, in Verilator: SPI to load and read back, AER for events and spikes.
//
// usage: bench PROGRAM RECORDS READ
//
// PROGRAM, little-endian words of 32 bits:
//   transfers, events, reads, cycles until the link is acknowledged, cycles to run (low, high);
//   then for each transfer its address and data of 20 bits, for each event its address and the cycles that pass
//   before it is asked for, for each read its address of 20 bits.
// RECORDS, two words of 64 bits for each thing that happened: cycle << 16 | kind << 13 | address, value.
//   kind 0: a spike leaves; 1: a word of the synapse memory is written; 2: the state in a word of the neuron memory;
//   3: an event is acknowledged.
// READ, a byte for each read.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "verilated.h"
#ifdef ODIN
#include "VODIN.h"
#include "VODIN___024root.h"
typedef VODIN Top;
#define NEURONS(signal) top.rootp->ODIN__DOT__neuron_core_0__DOT__neurarray_0__DOT__##signal
#define SYNAPSES(signal) top.rootp->ODIN__DOT__synaptic_core_0__DOT__synarray_0__DOT__##signal
#define MONITOR top.rootp->ODIN__DOT__neuron_core_0__DOT__NEUR_STATE_MONITOR
#else
#include "VtinyODIN.h"
#include "VtinyODIN___024root.h"
typedef VtinyODIN Top;
#define NEURONS(signal) top.rootp->tinyODIN__DOT__neuron_core_0__DOT__neurarray_0__DOT__##signal
#define SYNAPSES(signal) top.rootp->tinyODIN__DOT__synaptic_core_0__DOT__synarray_0__DOT__##signal
#endif

static const int SCK_CYCLES = 4;  // of the chip's clock, the fewest that its documentation allows

static Top top;
static uint64_t cycle = 0;

static void half(int level) {
  top.CLK = level;
  top.eval();
}

static void clocks(int count) {
  for (int i = 0; i < count; i++) {
    half(1);
    half(0);
    cycle++;
  }
}

static int spi_bit(int value) {
  top.MOSI = value;
  clocks(SCK_CYCLES / 2);
  top.SCK = 1;
  top.eval();
  int found = top.MISO;
  clocks(SCK_CYCLES / 2);
  top.SCK = 0;
  top.eval();
  return found;
}

// Send 20 bits of address and 20 of data; return the byte that comes back meanwhile.
static unsigned spi(uint32_t address, uint32_t data) {
  unsigned found = 0;
  for (int i = 19; i >= 0; i--) spi_bit(address >> i & 1);
  for (int i = 19; i >= 0; i--) {
    int bit = spi_bit(data >> i & 1);
    if (i < 8) found = found << 1 | bit;
  }
  return found;
}

static FILE *records;

static void record(int kind, uint32_t address, uint64_t value) {
  uint64_t pair[2] = {cycle << 16 | (uint64_t)kind << 13 | address, value};
  fwrite(pair, sizeof pair[0], 2, records);
}

static uint64_t neuron_word() {
#ifdef ODIN
  // Bits 124 to 70, what of the word is state, below the flags UP and DOWN that go with it.
  uint64_t middle = (uint64_t)NEURONS(D)[3] << 32 | NEURONS(D)[2];
  uint64_t flags = MONITOR >> 13 & 3;
  return (middle >> 6 & ((1ull << 55) - 1)) | flags << 55;
#else
  return NEURONS(D) & 0xFFF;  // the membrane; what else stands in the word is read back over SPI
#endif
}

static void observe(bool acknowledged, bool spiking) {
  if (top.AEROUT_REQ && !spiking) record(0, top.AEROUT_ADDR, 0);
  if (SYNAPSES(CS) && SYNAPSES(WE)) record(1, SYNAPSES(A), SYNAPSES(D));
  if (NEURONS(CS) && NEURONS(WE)) record(2, NEURONS(A), neuron_word());
  if (top.AERIN_ACK && !acknowledged) record(3, 0, 0);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  FILE *file = fopen(argv[1], "rb");
  records = fopen(argv[2], "wb");
  FILE *read = fopen(argv[3], "wb");
  if (!file || !records || !read) return 2;
  std::vector<uint32_t> words;
  for (uint32_t word; fread(&word, sizeof word, 1, file) == 1;) words.push_back(word);
  if (words.size() < 6) return 2;
  const uint32_t transfers = words[0], events = words[1], reads = words[2], hold = words[3];
  const uint64_t last = (uint64_t)words[5] << 32 | words[4];
  const uint32_t *next = &words[6];

  top.RST = 1;
  top.SCK = top.MOSI = top.AERIN_ADDR = top.AERIN_REQ = top.AEROUT_ACK = 0;
  clocks(8);
  top.RST = 0;
  clocks(8);
  for (uint32_t i = 0; i < transfers; i++, next += 2) spi(next[0], next[1]);
  clocks(32);

  cycle = 0;
  bool acknowledged = false, spiking = false;
  uint32_t event = 0;
  uint64_t due = events ? next[1] : 0, answer = 0;
  while (cycle < last) {
    observe(acknowledged, spiking);
    if (top.AERIN_ACK) {
      top.AERIN_REQ = 0;
    } else if (acknowledged) {
      event++;
      if (event < events) due = cycle + next[2 * event + 1];
    }
    acknowledged = top.AERIN_ACK;
    if (event < events && !acknowledged && cycle >= due) {
      top.AERIN_ADDR = next[2 * event];
      top.AERIN_REQ = 1;
    }
    if (top.AEROUT_REQ && !spiking) answer = cycle + hold;
    spiking = top.AEROUT_REQ;
    if (!spiking) top.AEROUT_ACK = 0;
    if (spiking && cycle >= answer) top.AEROUT_ACK = 1;
    half(0);
    half(1);
    cycle++;
  }
  next += 2 * events;
  half(0);
  if (reads) spi(0, 1);  // SPI_GATE_ACTIVITY
  for (uint32_t i = 0; i < reads; i++) fputc(spi(next[i], 0), read);
  fclose(records);
  fclose(read);
  printf("DONE events %u cycles %llu\n", event, (unsigned long long)last);
  return 0;
}
