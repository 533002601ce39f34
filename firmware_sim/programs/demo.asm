; A whole lesson: four batches, each settled, pulled, learnt from and read; then the counters.
; neurochip firmware run demo.asm --batches 4 feeds INPUT and TARGET.

                set       c0, 4
next:           begin
                targets
                nudge     off
                run       free, 100
                observe   value, m0, all
                observe   presynaptic, m1, all
                nudge     +
                run       nudged, 50
                observe   value, m2, all
                update    m1, m0, m2, 1
                read      m0, last
                djnz      c0, next
                count
                halt
