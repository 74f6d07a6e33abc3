package gen

import "math/bits"

// Streams keep the draws for different purposes apart, so that a new draw in
// one place does not change the world everywhere else.
const (
	streamPerson = iota + 1
	streamLife
	streamPair
	streamPlan
	streamTries
	streamLocks
	streamName
	streamDisturb
	streamVary
)

const golden = 0x9e3779b97f4a7c15

// An rng is a splitmix64 generator. It is a value of eight bytes, so that every
// account, pair of friends and run of tries can have its own, and the world
// does not depend on who is simulated first. Everything here is integer
// arithmetic: floating point may differ in the last bit between processors,
// and then two machines would not write the same bytes.
type rng struct{ s uint64 }

func newRNG(seed, stream, index uint64) rng {
	return rng{hash3(seed, stream, index)}
}

// mix is the output function of splitmix64, a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func hash3(a, b, c uint64) uint64 {
	return mix(mix(mix(a+golden)+b*golden) ^ c*0xd1342543de82ef95)
}

func (r *rng) next() uint64 {
	r.s += golden
	return mix(r.s)
}

// below returns a number in [0, n); n must be above zero.
func (r *rng) below(n int64) int64 {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int64(hi)
}

// between returns a number in [lo, hi].
func (r *rng) between(lo, hi int64) int64 {
	if hi <= lo {
		return lo
	}
	return lo + r.below(hi-lo+1)
}

// chance is true with probability p.
func (r *rng) chance(p float64) bool {
	return r.next()>>11 < threshold(p)
}

// threshold turns a probability into a bound for 53 random bits.
func threshold(p float64) uint64 {
	if p >= 1 {
		return 1 << 53
	}
	if p <= 0 {
		return 0
	}
	return uint64(p * (1 << 53))
}

// pick returns an index of weights with probability in proportion.
func (r *rng) pick(weights []int64) int {
	var sum int64
	for _, w := range weights {
		sum += w
	}
	x := r.below(sum)
	for i, w := range weights {
		if x < w {
			return i
		}
		x -= w
	}
	return len(weights) - 1
}

// skewed returns an index in [0, n) with a density that falls as one over the
// square root of the rank: a few things are common, most are rare.
func (r *rng) skewed(n int) int {
	u := r.next() >> 32
	return int((u * u >> 32) * uint64(n) >> 32)
}

// exp returns a waiting time with the given mean.
func (r *rng) exp(mean int64) int64 {
	u := r.next() | 1
	// log2(u) in 16.16 fixed point; the mantissa's part is a parabola that is
	// right to 3 in 1,000, which no observer of waiting times can see.
	whole := int64(63 - bits.LeadingZeros64(u))
	f := int64(u << uint(63-whole) << 1 >> 48)
	frac := f + (f*(65536-f)>>16)*(29013-(13480*f>>16))>>16
	negLog2 := 64<<16 - (whole<<16 + frac)
	negLn := uint64(negLog2) * 45426 >> 16
	hi, lo := bits.Mul64(uint64(mean), negLn)
	return int64(hi<<48 | lo>>16)
}

// normal returns a standard normal number in 16.16 fixed point, as the sum of
// twelve uniform ones; it never exceeds six in magnitude.
func (r *rng) normal() int64 {
	var sum int64
	for range 3 {
		x := r.next()
		sum += int64(x&0xffff) + int64(x>>16&0xffff) + int64(x>>32&0xffff) + int64(x>>48)
	}
	return sum - 6*65535
}

// around returns a log-normal number: the median times 2 to the power of a
// normal number with the given spread, in hundredths of a doubling.
func (r *rng) around(median, spread int64) int64 {
	return scale2(median, r.normal()*spread/100)
}

// scale2 returns v times 2^x for x in 16.16 fixed point; the fraction is a
// cubic that is right to 2 in 10,000.
func scale2(v, x int64) int64 {
	whole := x >> 16
	f := x & 0xffff
	m := 65536 + (f*(45612+(f*(14739+(f*5206>>16))>>16)))>>16
	hi, lo := bits.Mul64(uint64(v), uint64(m))
	v = int64(hi<<48 | lo>>16)
	if whole >= 0 {
		return v << uint(min(whole, 20))
	}
	return v >> uint(min(-whole, 62))
}
