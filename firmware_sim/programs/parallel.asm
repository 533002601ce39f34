; Free phase; from where it settled once pulled by β, and once left alone for as long; the contrast of these two.
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
                nudge     off
                set       c1, t3
alone:          run       free, t1
                mark      m2
                observe   presynaptic, m2, all
                observe   value, m2, all
                djnz      c1, alone
                update    m0, m2, m1, 1
                read      m0, last
                halt
