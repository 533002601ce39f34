; As before.asm, but each sample starts where it ended last time: wake brings its samples back, sleep takes them away.

.entry wake, present, sleep
wake:           pull      s1                    ; samples from DATA
                restore   s1
                halt
present:        targets
                nudge     off
                jz        t2, rest
                run       free, t2
rest:           jz        t0, settled
                run       free, t0
settled:        observe   presynaptic, m0, all
                observe   value, m0, all
                nudge     +
                set       c0, t3
part:           run       nudged, t1
                mark      m1
                observe   presynaptic, m1, all
                observe   value, m1, all
                djnz      c0, part
                update    m0, m0, m1, 1
                read      m0, last
                halt
sleep:          snapshot  s1
                push      s1                    ; samples to OUT
                halt
