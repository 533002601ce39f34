; A whole lesson: four batches, each settled, pulled, learnt from and read; then the counters.
; neurochip firmware run demo.asm --batches 4 feeds INPUT and TARGET.

                set       c0, 4
next:           begin
                targets
                nudge     off
                run       free, 100
                observe   presynaptic, m0, all
                observe   value, m0, all
                nudge     +
                run       nudged, 50
                observe   value, m1, all
                update    m0, m0, m1, 1
                read      m0, last
                djnz      c0, next
                count
                halt
