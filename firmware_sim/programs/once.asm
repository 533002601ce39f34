; For rules that settle once and nudge nothing: free phase, then weights change by what stands there and the targets.
; t0, t2 as in before.asm.

.entry present
present:        targets
                nudge     off
                jz        t2, rest
                run       free, t2
rest:           jz        t0, settled
                run       free, t0
settled:        observe   presynaptic, m0, all  ; what stands before each synapse
                observe   value, m0, all        ; where it settled
                update    m0, m0, m0, 1
                read      m0, last
                halt
