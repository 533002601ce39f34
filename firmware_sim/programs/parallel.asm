; Free phase; from where it settled once pulled by β, and once left alone for as long; the contrast of these two.
; Registers as in before.asm; t3: 0 where cores learn from bits, which they had before the nudge.

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
                nudge     off
                run       free, t1
                observe   value, m3, all
                jz        t3, change
                observe   presynaptic, m1, all  ; real states are those of the run that went on
change:         update    m1, m3, m2, 1
                read      m0, last
                halt
