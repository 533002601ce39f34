; Free phase, then pulled towards the target; weights change on their cores by what the rule makes of the two.
; BETA carries its sign. t0: ticks of the free phase; t1, t3: the nudged one has t3 parts of t1 ticks, after each of
; which the rule reads. t2: ticks of the free phase before spikes begin to be counted; 0 where they are not.

.entry present
present:        targets
                nudge     off
                jz        t2, rest
                run       free, t2
rest:           jz        t0, settled
                run       free, t0
settled:        observe   presynaptic, m0, all  ; what stands before each synapse
                observe   value, m0, all        ; where it settled
                nudge     +
                set       c0, t3
part:           run       nudged, t1
                mark      m1
                observe   presynaptic, m1, all
                observe   value, m1, all
                djnz      c0, part
                update    m0, m0, m1, 1         ; m1: where it was pulled to
                read      m0, last              ; the network's answer
                halt
