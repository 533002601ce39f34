; Free phase, then pulled towards the target; weights change on their cores by the contrast of the two.
; BETA carries its sign. t0: ticks of the free phase, t1: of the nudged one.
; t2: ticks of the free phase before spikes begin to be counted; 0 where they are not.

.entry present
present:        targets
                nudge     off
                jz        t2, rest
                run       free, t2
rest:           jz        t0, settled
                run       free, t0
settled:        observe   value, m0, all        ; where it settled
                observe   presynaptic, m1, all  ; what stands before each synapse
                nudge     +
                run       nudged, t1
                observe   value, m2, all        ; where it was pulled to
                update    m1, m0, m2, 1
                read      m0, last              ; the network's answer
                halt
