package gen

import (
	"math"
	"reflect"
	"time"
)

// Vary returns a world of the same kind whose rates and attacks differ by half
// as much again or a third less, drawn from its seed: what somebody assumed
// should decide nothing. What stays is what the preset is about: accounts,
// days, victims, ways in and out, and rates that are 0.
func Vary(w World) World {
	r := newRNG(w.Seed, streamVary, 0)
	varyShares(&r, reflect.ValueOf(&w.Rates).Elem())
	attacks := make([]Attack, len(w.Attacks))
	copy(attacks, w.Attacks)
	for i := range attacks {
		a := &attacks[i]
		varyShares(&r, reflect.ValueOf(&a.Habits).Elem())
		a.UnknownShare, a.ForeignShare, a.AtCap = share(&r, a.UnknownShare), share(&r, a.ForeignShare), share(&r, a.AtCap)
		a.Tries = int(vary(&r, float64(a.Tries)))
		if a.Sources > 0 {
			a.Sources = max(int(vary(&r, float64(a.Sources))), 1)
		}
		a.Entered = a.Victims + int(vary(&r, float64(a.Entered-a.Victims)))
		a.PerPhone = max(int(vary(&r, float64(a.PerPhone))), 1)
		a.Lag = time.Duration(vary(&r, float64(a.Lag)))
		a.Loss = int64(vary(&r, float64(a.Loss)))
		a.Days = min(vary(&r, a.Days), float64(w.Days)-a.StartDay)
	}
	w.Attacks = attacks
	return w
}

// vary returns a value times 2/3 to 3/2.
func vary(r *rng, v float64) float64 {
	// A whole number of thousandths, and one rounding: the same on every
	// processor.
	return float64(v * float64(r.between(667, 1500)) / 1000)
}

// share varies a share: one above a half by what is left of it.
func share(r *rng, v float64) float64 {
	if v > 0.5 {
		return 1 - vary(r, 1-v)
	}
	return vary(r, v)
}

// varyShares varies the floating-point fields of a struct; those up to 1 are
// shares.
func varyShares(r *rng, fields reflect.Value) {
	for i := range fields.NumField() {
		f := fields.Field(i)
		switch {
		case f.Kind() != reflect.Float64:
		case f.Float() <= 1:
			f.SetFloat(math.Min(share(r, f.Float()), 1))
		default:
			f.SetFloat(vary(r, f.Float()))
		}
	}
}
