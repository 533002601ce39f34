; As before.asm, but each sample starts where it ended last time: wake brings its lanes back, sleep takes them away.

.entry wake, present, sleep
wake:           pull      s1                    ; lanes from DATA
                restore   s1
                halt
present:        targets
                nudge     off
                jz        t2, rest
                run       free, t2
rest:           jz        t0, settled
                run       free, t0
settled:        observe   value, m0, all
                observe   presynaptic, m1, all
                nudge     +
                run       nudged, t1
                observe   value, m2, all
                update    m1, m0, m2, 1
                read      m0, last
                halt
sleep:          snapshot  s1
                push      s1                    ; lanes to OUT
                halt
