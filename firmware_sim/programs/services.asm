; What a driver asks of the chip outside its schedule: one entry per call.
; t14 holds a layer, t15 a number of ticks.

.entry load, dump, counters, count, rule
load:           load                    ; an image from DATA
                halt
dump:           dump                    ; an image to OUT
                halt
counters:          counters                   ; a set of counters from DATA
                halt
count:          count                   ; all counters to OUT
                halt
rule:           rule                    ; the learning rule from DATA
                halt

.entry begin, aim, loose
begin:          begin                   ; inputs and their numbers from INPUT
                halt
aim:            targets                 ; what to nudge to, from TARGET
                halt
loose:          notargets
                halt

.entry run_free, run_nudged, run_nudged_negative, run_evaluation
run_free:       nudge     +
                run       free, t15
                halt
run_nudged:     nudge     +
                run       nudged, t15
                halt
run_nudged_negative:
                nudge     +             ; the sign stands in BETA
                run       nudged_negative, t15
                halt
run_evaluation: nudge     +
                run       evaluation, t15
                halt

.entry value, activity, trace, rate, spikes, adjoint
value:          observe   value, m7, t14
                read      m7, t14
                halt
activity:       observe   activity, m7, t14
                read      m7, t14
                halt
trace:          observe   trace, m7, t14
                read      m7, t14
                halt
rate:           observe   rate, m7, t14
                read      m7, t14
                halt
spikes:         observe   spikes, m7, t14
                read      m7, t14
                halt
adjoint:        observe   adjoint, m7, t14
                read      m7, t14
                halt

.entry snapshot, restore, readout, write
snapshot:       snapshot  s3
                push      s3
                halt
restore:        pull      s3
                restore   s3
                halt
readout:           readout      t14
                halt
write:          write                   ; terms from DATA
                halt
