package scalar

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
)

// many is how many different texts a benchmark reads in turn: enough that the
// branch predictor cannot learn them by heart.
const many = 1 << 14

// benchTexts reads all texts again and again, checks the sum of the answers,
// and reports the time for one text.

func benchTexts(b *testing.B, texts [][]byte, want int64, read func([]byte) int64) {
	b.Helper()
	pack(texts)
	size := int64(0)
	for _, t := range texts {
		size += int64(len(t))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		var sum int64
		for _, t := range texts {
			sum += read(t)
		}
		if sum != want {
			b.Fatalf("sum of the answers is %d, want %d", sum, want)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(texts)), "ns/text")
}

// pack moves texts next to each other, as the fields of a log are.
func pack(texts [][]byte) {
	var all []byte
	for _, t := range texts {
		all = append(all, t...)
	}
	for i, t := range texts {
		texts[i], all = all[:len(t):len(t)], all[len(t):]
	}
}

func BenchmarkTryTime(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, layout := range []string{
		"2006-01-02T15:04:05.000000Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05Z",
		"2006-01-02T15:04:05.000000-07:00", "2006-01-02 15:04:05,000 -0700", "2006-01-02 15:04:05",
	} {
		layout = strings.ReplaceAll(layout, "Z07:00", "Z")
		texts := make([][]byte, many)
		var want int64
		zone := time.UTC
		if strings.Contains(layout, "07") {
			zone = time.FixedZone("JST", 9*60*60)
		}
		for i := range texts {
			t := time.Unix(1.5e9+rng.Int64N(1e8), rng.Int64N(1e9)).In(zone)
			text := t.Format(layout)
			texts[i] = []byte(text)
			back, err := time.Parse(layout, text)
			if err != nil {
				b.Fatal(err)
			}
			want += back.UnixMicro()
		}
		b.Run("form="+layout+"/reader=TryTime", func(b *testing.B) {
			benchTexts(b, texts, want, func(t []byte) int64 {
				v, ok := TryTime(t)
				if !ok {
					b.Fatalf("%q is not ok", t)
				}
				return v.Micros
			})
		})
		b.Run("form="+layout+"/reader=time.Parse", func(b *testing.B) {
			benchTexts(b, texts, want, func(t []byte) int64 {
				v, err := time.Parse(layout, string(t))
				if err != nil {
					b.Fatal(err)
				}
				return v.UnixMicro()
			})
		})
	}
}

func BenchmarkTryAddr(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	v4, v6 := make([][]byte, many), make([][]byte, many)
	var want4, want6 int64
	for i := range v4 {
		a4 := rng.Uint32()
		v4[i] = []byte(netip.AddrFrom4([4]byte{byte(a4 >> 24), byte(a4 >> 16), byte(a4 >> 8), byte(a4)}).String())
		want4 += int64(event.AddrFrom4(a4))
		a6 := [16]byte{0x24, 0x0b, byte(rng.Uint32()), byte(rng.Uint32()), 14: byte(rng.Uint32()), 15: 1}
		v6[i] = []byte(netip.AddrFrom16(a6).String())
		want6 += int64(a6[0])<<56 | int64(a6[1])<<48 | int64(a6[2])<<40 | int64(a6[3])<<32
	}
	ours := func(t []byte) int64 {
		a, _, ok := TryAddr(t)
		if !ok {
			b.Fatalf("%q is not ok", t)
		}
		return int64(a)
	}
	control := func(t []byte) int64 {
		a, err := netip.ParseAddr(string(t))
		if err != nil {
			b.Fatal(err)
		}
		return int64(fromNetip(a))
	}
	b.Run("form=v4/reader=none", func(b *testing.B) { // what the loop costs
		benchTexts(b, v4, many, func([]byte) int64 { return 1 })
	})
	b.Run("form=v4/reader=TryAddr", func(b *testing.B) { benchTexts(b, v4, want4, ours) })
	b.Run("form=v4/reader=netip", func(b *testing.B) { benchTexts(b, v4, want4, control) })
	b.Run("form=v6/reader=TryAddr", func(b *testing.B) { benchTexts(b, v6, want6, ours) })
	b.Run("form=v6/reader=netip", func(b *testing.B) { benchTexts(b, v6, want6, control) })
}

func fromNetip(a netip.Addr) event.Addr {
	a = a.Unmap()
	b := a.As16()
	if a.Is4() {
		return event.AddrFrom4(uint32(b[12])<<24 | uint32(b[13])<<16 | uint32(b[14])<<8 | uint32(b[15]))
	}
	var hi event.Addr
	for _, c := range b[:8] {
		hi = hi<<8 | event.Addr(c)
	}
	return hi
}

// BenchmarkClock turns a day of wall times into UTC. The control is what the
// standard library offers for the same.
func BenchmarkClock(b *testing.B) {
	for _, name := range []string{"Asia/Tokyo", "Europe/Paris"} {
		loc := mustZone(b, name)
		walls := make([]int64, many)
		var want int64
		for i := range walls {
			at := time.Date(2019, 7, 2, 0, 0, i, 0, loc)
			_, offset := at.Zone()
			walls[i] = at.UnixMicro() + int64(offset)*secondMicros
			want += at.UnixMicro()
		}
		run := func(reader string, utc func(wall int64) int64) {
			b.Run("zone="+name+"/reader="+reader, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					var sum int64
					for _, wall := range walls {
						sum += utc(wall)
					}
					if sum != want {
						b.Fatalf("sum of the answers is %d, want %d", sum, want)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/many, "ns/time")
			})
		}
		c := NewClock(loc)
		run("Clock", func(wall int64) int64 { utc, _, _ := c.UTC(wall); return utc })
		run("Localize", func(wall int64) int64 { utc, _, _ := Localize(wall, loc); return utc })
		run("time.Date", func(wall int64) int64 {
			t := time.UnixMicro(wall).UTC()
			y, m, d := t.Date()
			return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), loc).UnixMicro()
		})
	}
}
