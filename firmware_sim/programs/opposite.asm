; Free phase, pulled by +β, back to where it settled, pushed away by −β; weights change by the contrast of the two.
; Registers as in before.asm.

.entry present
present:        targets
                nudge     off
                jz        t2, rest
                run       free, t2
rest:           jz        t0, settled
                run       free, t0
settled:        observe   presynaptic, m0, all
                observe   value, m0, all
                snapshot  s0
                nudge     +
                set       c0, t3
part:           run       nudged, t1
                mark      m1
                observe   presynaptic, m1, all
                observe   value, m1, all
                djnz      c0, part
                restore   s0
                nudge     -
                set       c1, t3
away:           run       nudged_negative, t1
                mark      m2
                observe   presynaptic, m2, all
                observe   value, m2, all
                djnz      c1, away
                update    m0, m2, m1, 2         ; 2 β apart
                read      m0, last
                halt
