; Free phase, pulled by +β, back to where it settled, pushed away by −β; weights change by the contrast of the two.
; Registers as in before.asm.

.entry present
present:        targets
                nudge     off
                jz        t2, rest
                run       free, t2
rest:           jz        t0, settled
                run       free, t0
settled:        observe   value, m0, all
                observe   presynaptic, m1, all
                snapshot  s0
                nudge     +
                run       nudged, t1
                observe   value, m2, all
                restore   s0
                nudge     -
                run       nudged_negative, t1
                observe   value, m3, all
                update    m1, m3, m2, 2         ; 2 β apart
                read      m0, last
                halt
