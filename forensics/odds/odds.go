// Package odds weighs evidence in whole numbers.
//
// A weight is a log-likelihood ratio in centibans: a hundred of them make
// something ten times as likely, two hundred a hundred times. The unit is the
// ban of Turing and Good, which forensic laboratories use as log10(LR), cut so
// fine that rounding does not matter (one centiban is a factor of 1.023).
//
// Weights are computed from integer counts by integer arithmetic alone. Floats
// may differ in the last digit between processors (fused multiply-add), and a
// victim must not be confirmed on one machine and probable on the next.
package odds

import (
	"math"
	"math/bits"
)

// Centibans is a weight of evidence, 100*log10 of a likelihood ratio.
type Centibans int32

// Limit bounds every single weight: no piece of evidence is worth more than a
// factor of 10^9 either way, which keeps sums far from overflow.
const Limit Centibans = 900

// Ratio returns the weight of num to den. Zero counts must be smoothed by the
// caller: 0 to anything is -Limit, anything to 0 is +Limit, 0 to 0 is 0.
func Ratio(num, den int64) Centibans {
	switch {
	case num <= 0 && den <= 0:
		return 0
	case num <= 0:
		return -Limit
	case den <= 0:
		return Limit
	}
	if c, sure := quickRatio(uint64(num), uint64(den)); sure {
		return Clamp(c, -Limit, Limit)
	}
	return Clamp(exactRatio(uint64(num), uint64(den)), -Limit, Limit)
}

// exactRatio returns the weight of num to den.
func exactRatio(num, den uint64) Centibans {
	// log10(x) = log2(x) * 0.30103; log2 has 32 bits of fraction.
	const bansPerBit = 30103 // per 100,000
	diff := log2(num) - log2(den)
	hi := diff * bansPerBit / 1000 // centibans, still with 32 bits of fraction
	return Centibans((hi + 1<<31) >> 32)
}

// quickRatio returns what exactRatio does, by floats, and whether that is sure:
// it is where the result is not so close to the edge between two centibans that
// the error of floats, or that log2 cuts its result, could matter. All processors
// agree on the rest, since none errs as much as that.
func quickRatio(num, den uint64) (c Centibans, sure bool) {
	const margin = 1e-5 // of a centiban; log2 cuts 2^-24 bits, which are 1.8e-6 of it
	x := (quickLog2(num)-quickLog2(den))*30.103 + 0.5
	floor := math.Floor(x)
	return Centibans(floor), x-floor > margin && x-floor < 1-margin
}

// quickLog2 returns the binary logarithm of x > 0, to about 40 bits.
func quickLog2(x uint64) float64 {
	n := 63 - bits.LeadingZeros64(x)
	m := x << (63 - n)
	at := m >> 55 & 0xff
	r := float64(m)*inverses[at] - 1 // within [0, 1/256)
	return float64(n) + logs[at] + r*(1/math.Ln2+r*(-1/(2*math.Ln2)+r*(1/(3*math.Ln2)+r*(-1/(4*math.Ln2)))))
}

// logs and inverses are, for the 256 numbers 1, 1+1/256, … below 2, the binary
// logarithm, and one by the number times 2^63.
var logs, inverses = func() (logs, inverses [256]float64) {
	for i := range logs {
		logs[i] = math.Log2(1 + float64(i)/256)
		inverses[i] = 0x1p-63 / (1 + float64(i)/256)
	}
	return logs, inverses
}()

// log2 returns the binary logarithm of x > 0 with 32 bits of fraction, of
// which the upper 24 are exact.
func log2(x uint64) int64 {
	n := 63 - bits.LeadingZeros64(x)
	m := x << (63 - n) // in [1, 2), with 63 bits of fraction
	log := int64(n) << 32
	for bit := int64(1) << 31; bit >= 1<<8; bit >>= 1 {
		hi, lo := bits.Mul64(m, m) // in [1, 4), with 126 bits of fraction
		if hi>>63 != 0 {
			log += bit
			m = hi
		} else {
			m = hi<<1 | lo>>63
		}
	}
	return log
}

// Clamp returns c within lo and hi.
func Clamp(c, lo, hi Centibans) Centibans { return min(max(c, lo), hi) }

// Unless returns the weight that is left of c where evidence of the kind is
// missing from so many in a thousand of the cases that c is about, who look like
// all the others: however much c speaks against them, they exist.
func (c Centibans) Unless(permille int64) Centibans {
	if permille <= 0 {
		return c
	}
	p := c.PPB()
	return Ratio((1000-permille)*p+permille*(One-p), 1000*(One-p))
}

// One is certainty in the unit that PPB returns.
const One = 1_000_000_000

// PPB returns the probability that odds of c stand for, in parts per billion.
func (c Centibans) PPB() int64 { return ppb[Clamp(c, -Limit, Limit)+Limit] }

// ppb are the probabilities of -Limit to Limit centibans.
var ppb = func() (table [2*Limit + 1]int64) {
	for i := range table {
		table[i] = probability(Centibans(i) - Limit)
	}
	return table
}()

// probability computes PPB.
func probability(c Centibans) int64 {
	if c < 0 {
		return One - probability(-c)
	}
	if c >= Limit {
		return One - 1
	}
	odds := powers[c%100] // times 10^9
	for n := c / 100; n > 0; n-- {
		odds *= 10
	}
	hi, lo := bits.Mul64(odds, One)
	p, _ := bits.Div64(hi, lo, odds+One)
	return int64(p)
}

// powers[i] is 10^(i/100) in billionths.
var powers = [100]uint64{
	1000000000, 1023292992, 1047128548, 1071519305, 1096478196, 1122018454, 1148153621, 1174897555,
	1202264435, 1230268771, 1258925412, 1288249552, 1318256739, 1348962883, 1380384265, 1412537545,
	1445439771, 1479108388, 1513561248, 1548816619, 1584893192, 1621810097, 1659586907, 1698243652,
	1737800829, 1778279410, 1819700859, 1862087137, 1905460718, 1949844600, 1995262315, 2041737945,
	2089296131, 2137962090, 2187761624, 2238721139, 2290867653, 2344228815, 2398832919, 2454708916,
	2511886432, 2570395783, 2630267992, 2691534804, 2754228703, 2818382931, 2884031503, 2951209227,
	3019951720, 3090295433, 3162277660, 3235936569, 3311311215, 3388441561, 3467368505, 3548133892,
	3630780548, 3715352291, 3801893963, 3890451450, 3981071706, 4073802778, 4168693835, 4265795188,
	4365158322, 4466835922, 4570881896, 4677351413, 4786300923, 4897788194, 5011872336, 5128613840,
	5248074602, 5370317964, 5495408739, 5623413252, 5754399373, 5888436554, 6025595861, 6165950019,
	6309573445, 6456542290, 6606934480, 6760829754, 6918309709, 7079457844, 7244359601, 7413102413,
	7585775750, 7762471166, 7943282347, 8128305162, 8317637711, 8511380382, 8709635900, 8912509381,
	9120108394, 9332543008, 9549925860, 9772372210,
}
