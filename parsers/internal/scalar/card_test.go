package scalar

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// cardTexts are numbers of test cards and what is nearly one; likely says that
// LooksLikeCard is true, mangled that MangledNumber is.
var cardTexts = []struct {
	in              string
	ok              bool
	likely, mangled bool
}{
	{"4111111111111111", true, true, false},
	{"4111 1111 1111 1111", true, true, false},
	{"4111-1111-1111-1111", true, true, false},
	{"4222222222222", true, true, false},
	{"5555555555554444", true, true, false},
	{"2223003122003222", true, true, false},
	{"378282246310005", true, true, false},
	{"3530111333300000", true, true, false},
	{"30569309025904", true, true, false},
	{"6011111111111117", true, true, false},
	{"6200000000000005", true, true, false},
	{"6759649826438453", true, true, false},
	{"2200770239097761", true, true, false},
	{"1000000000000008", true, false, false}, // right, but no scheme's

	{"4111111111111112", false, false, false},
	{"4111111111111117", false, false, false},
	{"0000000000000000", false, false, false},
	{"411111111111", false, false, false},
	{"41111111111111111111", false, false, false},
	{"4111  1111 1111 1111", false, false, false},
	{" 4111111111111111", false, false, false},
	{"4111111111111111-", false, false, false},
	{"411111******1111", false, false, false},
	{"VISA 4575", false, false, false},
	{"", false, false, false},
	{"４１１１１１１１１１１１１１１１", false, false, false},
	{"4.11111E+15", false, false, true},
	{"4,11111E+15", false, false, true},
	{"4.11111111111111E+15", false, false, true},
	{"4.11111E15", false, false, true},
	{"-4.1e+15", false, false, true},
	{"4E+15", false, false, true},
	{"4111111111111111.0", false, false, true},
	{"4111111111111111.00", false, false, true},
	{"4E15", false, false, false}, // may be an id
	{"1e10", false, false, false},
	{"41.1E+15", false, false, false},
	{"4.11E+155", false, false, false},
	{"4.11E+", false, false, false},
	{"4.11E+1x", false, false, false},
	{"4.11", false, false, false},
	{"411.0", false, false, false},
	{"4111111111111111.5", false, false, false},
	{"4111111111111111.", false, false, false},
	{".5E+15", false, false, false},
	{"-", false, false, false},
}

func TestCard(t *testing.T) {
	for _, c := range cardTexts {
		b := []byte(c.in)
		_, _, ok := Card(b)
		if likely, mangled := LooksLikeCard(b), MangledNumber(b); ok != c.ok || likely != c.likely || mangled != c.mangled {
			t.Errorf("%q: %t, likely %t, mangled %t", c.in, ok, likely, mangled)
		}
		checkCard(t, b)
	}
}

var cardForm = regexp.MustCompile(`^[1-9](?:[ -]?[0-9]){12,18}$`)

// checkCard compares with the formula as ISO/IEC 7812 describes it, from right
// to left.
func checkCard(t *testing.T, b []byte) {
	t.Helper()
	first6, last4, ok := Card(b)
	digits := strings.NewReplacer(" ", "", "-", "").Replace(string(b))
	want := cardForm.Match(b)
	if want {
		sum := 0
		for i := range digits {
			d := int(digits[len(digits)-1-i] - '0')
			if i%2 == 1 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum += d
		}
		want = sum%10 == 0
	}
	if ok != want {
		t.Errorf("Card(%q) is %t, want %t", b, ok, want)
	}
	likely, mangled := LooksLikeCard(b), MangledNumber(b)
	switch {
	case ok && (string(first6[:]) != digits[:6] || string(last4[:]) != digits[len(digits)-4:]):
		t.Errorf("Card(%q) = %s, %s", b, first6, last4)
	case !ok && (first6 != [6]byte{} || last4 != [4]byte{}):
		t.Errorf("Card(%q) shows %s, %s", b, first6, last4)
	case ok && mangled, !ok && likely:
		t.Errorf("%q is a card and none", b)
	}
}

func TestCardRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	ok, likely := 0, 0
	const all = 30_000
	for range all {
		b := fmt.Appendf(nil, "%016d", rng.Int64N(1e16))
		checkCard(t, b)
		_, _, isCard := Card(b)
		ok += b2i(isCard)
		likely += b2i(LooksLikeCard(b))
	}
	if ok < all/13 || ok > all/9 { // one in ten, but for a leading 0
		t.Errorf("%d of %d random numbers are cards", ok, all)
	}
	if likely < all/40 || likely > all/20 {
		t.Errorf("%d of %d random numbers look like cards", likely, all)
	}
}

func BenchmarkCard(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	texts := make([][]byte, many)
	var want int64
	for i := range texts {
		texts[i] = fmt.Appendf(nil, "%016d", 4_000_000_000_000_000+rng.Int64N(1e15))
		_, _, ok := Card(texts[i])
		want += int64(b2i(ok))
	}
	benchTexts(b, texts, want, func(t []byte) int64 {
		_, _, ok := Card(t)
		return int64(b2i(ok))
	})
}
