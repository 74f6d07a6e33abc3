package chart

import (
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/words"
)

var update = flag.Bool("update", false, "write the golden files anew")

// hostile returns charts whose every text is s, with extreme amounts.
func hostile(s string, v int64) []Chart {
	far := time.Unix(v, 0)
	return []Chart{
		&Curve{Currency: jpy, Hours: []Hour{{Start: far, Failed: v, Entries: -v, TopUps: v, Spent: v, Loss: v}, {Loss: v}}, Marks: []Mark{{far, s, v, v}}, Gaps: []Gap{{time.Unix(0, 0), far, s}}},
		&Flow{Heads: [3]string{s, s, s}, Unit: s, Left: []Link{{s, s, v}, {s + "2", s, v}}, Right: []Link{{s, s, v}, {s, "", -v}}},
		&WorldMap{Countries: []Country{{s, s, v, v}, {"JP", s, v, -v}}, TestedHead: s, SpentHead: s},
		&Bars{Title: s, Bars: []Bar{{s, v, s}, {s, -v, s}}, Currency: jpy, Threshold: v, ThresholdLabel: s},
		&Bars{Title: s, Bars: []Bar{{s, v, s}}, Digits: 3, Unit: s},
		&Bridge{Title: s, Currency: jpy, Steps: []Step{{s, v, true}, {s, v, false}, {s, -v, false}, {s, 1, true}}},
		&Timeline{Account: s, Currency: jpy, Events: []Event{{far, s, true, v}, {time.Unix(0, 0), s, false, -v}}},
	}
}

func samples() []Chart {
	list := []Chart{
		sampleCurve(96, false), sampleCurve(1, false), sampleCurve(96, true), sampleCurve(10_000, true),
		sampleFlow(0), sampleFlow(jpy), sampleMap(), sampleBridge(), sampleTimeline(),
		&Curve{}, &Flow{}, &WorldMap{}, &Bars{}, &Bridge{}, &Timeline{},
	}
	list = append(list, sampleBars()...)
	for _, v := range []int64{0, 1, -1, 1_000_000_000_000_000, math.MaxInt64, math.MinInt64} {
		list = append(list, hostile("x", v)...)
	}
	for _, s := range hostileTexts {
		list = append(list, hostile(s, 1574)...)
	}
	return list
}

var hostileTexts = []string{
	"", `<script>alert("1")</script>&amp;'`, "\u202eright to left", "عربي", "a\x00\x1b[31m\xff\ufffe\r\n", "]]>",
	strings.Repeat("長い", 5000), "e" + strings.Repeat("\u0301", 5000), "=1+1", "JP",
}

var numbers = regexp.MustCompile(`-?\d+(\.\d+)?`)

// checkSVG checks that a drawing is XML of known elements with nothing outside
// its box.
func checkSVG(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	var w, h float64
	texts, path := 0, []string{}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v in %.3000s", err, svg)
		}
		switch e := tok.(type) {
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.StartElement:
			path = append(path, e.Name.Local)
			if !slices.Contains([]string{"svg", "title", "desc", "g", "rect", "path", "circle", "text", "defs", "pattern"}, e.Name.Local) {
				t.Fatalf("element %s", e.Name.Local)
			}
			a := map[string]string{}
			for _, x := range e.Attr {
				a[x.Name.Local] = x.Value
			}
			val := func(name string) float64 {
				f, err := strconv.ParseFloat(a[name], 64)
				if a[name] != "" && err != nil {
					t.Fatalf("%s=%q", name, a[name])
				}
				return f
			}
			in := func(x, y float64) {
				if x < -0.05 || y < -0.05 || x > w+0.05 || y > h+0.05 {
					t.Errorf("%s %v: %.1f,%.1f is outside %.1f×%.1f", e.Name.Local, a, x, y, w, h)
				}
			}
			if slices.Contains(path[:len(path)-1], "pattern") {
				continue
			}
			switch e.Name.Local {
			case "svg":
				w, h = val("width"), val("height")
				if a["role"] != "img" || a["viewBox"] != fmt.Sprintf("0 0 %s %s", a["width"], a["height"]) || h <= 0 {
					t.Errorf("head %v", a)
				}
			case "text":
				texts++
				in(val("x"), val("y"))
			case "circle":
				in(val("cx")-val("r"), val("cy")-val("r"))
				in(val("cx")+val("r"), val("cy")+val("r"))
			case "rect":
				if val("width") < 0 || val("height") < 0 {
					t.Errorf("rect %v", a)
				}
				in(val("x"), val("y"))
				in(val("x")+val("width"), val("y")+val("height"))
			case "path":
				checkPath(t, a["d"], in)
			}
		}
	}
	if texts == 0 {
		t.Error("no text at all")
	}
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "%!") || strings.Contains(svg, "style=") {
		t.Errorf("%.500s", svg)
	}
}

// checkPath checks the points of a path.
func checkPath(t *testing.T, d string, in func(x, y float64)) {
	t.Helper()
	for _, part := range regexp.MustCompile(`[MLHVCZ][^MLHVCZ]*`).FindAllString(d, -1) {
		var v []float64
		for _, s := range numbers.FindAllString(part, -1) {
			f, _ := strconv.ParseFloat(s, 64)
			v = append(v, f)
		}
		switch {
		case part[0] == 'H' && len(v) == 1:
			in(v[0], 0)
		case part[0] == 'V' && len(v) == 1:
			in(0, v[0])
		case part[0] == 'Z' && len(v) == 0:
		case len(v) > 0 && len(v)%2 == 0:
			for i := 0; i < len(v); i += 2 {
				in(v[i], v[i+1])
			}
		default:
			t.Errorf("path %q", part)
		}
	}
}

func TestCharts(t *testing.T) {
	for i, c := range samples() {
		for _, lang := range words.Langs {
			p := words.For(lang)
			t.Run(fmt.Sprintf("%d-%T-%s", i, c, lang), func(t *testing.T) {
				for _, width := range []int{0, MinWidth, Narrow, Wide, 5000} {
					svg := c.SVG(p, `x"><b>`, width)
					checkSVG(t, svg)
					if again := c.SVG(p, `x"><b>`, width); again != svg {
						t.Error("drawn twice, it differs")
					}
					if len(svg) > 400_000 {
						t.Errorf("%d bytes", len(svg))
					}
				}
				table := c.Table(p)
				for _, row := range table.Rows {
					if len(row) != len(table.Head) {
						t.Errorf("row %q under %q", row, table.Head)
					}
				}
			})
		}
	}
}

func FuzzCharts(f *testing.F) {
	for _, s := range hostileTexts {
		f.Add(s, int64(1574))
	}
	f.Add("x", int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, s string, v int64) {
		for _, c := range hostile(s, v) {
			checkSVG(t, c.SVG(words.For(words.English), s, Narrow))
			checkSVG(t, c.SVG(words.For(words.Japanese), s, Wide))
		}
	})
}

// Merging hours loses nothing, and bars stand to each other as their amounts.
func TestCurveBins(t *testing.T) {
	for _, hours := range []int{1, 5, 96, 500, 10_000} {
		d := sampleCurve(hours, true)
		var spent, failed, loss int64
		for _, h := range d.Hours {
			spent, failed, loss = spent+h.Spent, failed+h.Failed, loss+h.Loss
		}
		for _, n := range []int{20, 100, 300} {
			r := d.bin(n)
			if len(r.bins) > n || r.outside != 0 {
				t.Errorf("%d hours in %d bars: %d bars, %d outside", hours, n, len(r.bins), r.outside)
			}
			var s, f sum
			for _, b := range r.bins {
				s.add(b.out.v)
				f.add(b.failed.v)
			}
			if s.v != spent || f.v != failed || r.bins[len(r.bins)-1].loss.v != loss {
				t.Errorf("%d hours in %d bars: %d %d, want %d %d", hours, n, s.v, f.v, spent, failed)
			}
			if (r.hours > 1) != strings.Contains(d.SVG(words.For(words.English), "x", Wide), "each bar is") && n == 300 {
				t.Errorf("%d hours: a bar of %d hours, and the chart is silent or wrong", hours, r.hours)
			}
		}
	}
	d := sampleCurve(96, false)
	d.From, d.Until = at("2019-07-02 12:00"), at("2019-07-03 12:00")
	r := d.bin(300)
	if r.before.v == 0 || r.outside == 0 || r.bins[0].loss.v < r.before.v {
		t.Errorf("before %d, outside %d", r.before.v, r.outside)
	}
}

func TestScale(t *testing.T) {
	for _, v := range []int64{1, 3, 999, 38_615_473, 1_000_000_000_000_000, math.MaxInt64} {
		for _, low := range []int64{0, -v / 3, -v} {
			s := newScale(low, v, 3, 1000)
			if s.at(s.low) != 0 || s.at(s.high) != 1000 || s.low > low || s.high < v {
				t.Errorf("%d to %d: %+v", low, v, s)
			}
			if n := len(s.ticks()); n < 2 || n > 9 {
				t.Errorf("%d to %d: ticks %d", low, v, s.ticks())
			}
		}
	}
	// Bars add up as their values do, to a tenth of a pixel each.
	s := newScale(0, 1000, 2, 5000)
	if d := s.at(300) + s.at(450) + s.at(250) - s.at(1000); d < -3 || d > 3 {
		t.Errorf("parts differ from the whole by %d", d)
	}
}

func TestShort(t *testing.T) {
	en, ja := words.For(words.English), words.For(words.Japanese)
	usd := money.MustCurrency("USD")
	for _, c := range []struct {
		p    *words.Printer
		u    unit
		v    int64
		want string
	}{
		{en, unit{currency: jpy}, 0, "0"}, {en, unit{currency: jpy}, 500, "500"}, {en, unit{currency: jpy}, 2_000_000, "2m"},
		{en, unit{currency: jpy}, -50_000, "-50k"}, {en, unit{currency: jpy}, 1_000_000_000_000_000, "1,000tn"},
		{ja, unit{currency: jpy}, 2_000_000, "200万"}, {ja, unit{currency: jpy}, 5000, "5,000"}, {ja, unit{currency: jpy}, 100_000_000, "1億"},
		{en, unit{currency: usd}, 200_000, "2k"}, {en, unit{currency: usd}, 50, "0.5"}, {en, unit{digits: 1}, 25, "2.5"},
	} {
		if got := c.u.short(c.p, c.v); got != c.want {
			t.Errorf("%d: %q, want %q", c.v, got, c.want)
		}
	}
}

// The codes of ISO 3166-1 each have one place.
func TestGrid(t *testing.T) {
	list := gridList()
	if len(list) != 249 || len(grid()) != 249 {
		t.Errorf("%d countries, %d codes, want 249", len(list), len(grid()))
	}
	for _, k := range list {
		if k.at.row >= gridRows || k.at.column >= gridColumns || len(k.code) != 2 {
			t.Errorf("%+v", k)
		}
	}
	for _, code := range strings.Fields("JP CN US GB FR DE TW HK ZA AU BR XK") {
		if _, ok := grid()[code]; ok == (code == "XK") {
			t.Errorf("%s: %v", code, ok)
		}
	}
	if a, b := grid()["JP"], grid()["GB"]; a.column <= b.column {
		t.Error("Japan lies west of Britain")
	}
}

// A total that the steps do not come to is said.
func TestBridgeThatDoesNotAddUp(t *testing.T) {
	p := words.For(words.English)
	d := sampleBridge()
	if s := d.SVG(p, "x", Wide); strings.Contains(s, "differ") {
		t.Error("a bridge that adds up is said to differ")
	}
	d.Steps[0].Amount++
	if s := d.SVG(p, "x", Wide); !strings.Contains(s, "the rows above differ from it by -1 JPY") {
		t.Error("a bridge that does not add up is silent")
	}
}

// A long label never cuts the number behind it.
func TestNumbersAreWhole(t *testing.T) {
	long := strings.Repeat("long ", 100)
	p := words.For(words.English)
	for _, c := range []Chart{
		&Timeline{Currency: jpy, Events: []Event{{at("2019-07-03 02:14"), long, true, 1_234_567_890}}},
		&Bridge{Currency: jpy, Steps: []Step{{long, 1_234_567_890, false}}},
		&Bars{Currency: jpy, Bars: []Bar{{long, 1_234_567_890, long}}},
		&WorldMap{Countries: []Country{{"JP", long, 1_234_567_890, 1_234_567_890}}},
	} {
		for _, width := range []int{MinWidth, Narrow, Wide} {
			if !regexp.MustCompile(`<text[^>]*>[^<]*1,234,567,890[^<]*</text>`).MatchString(c.SVG(p, "x", width)) {
				t.Errorf("%T at %d pixels does not say the number", c, width)
			}
		}
	}
}

// The links of a flow keep what the caller's links weigh.
func TestFlowKeepsWeights(t *testing.T) {
	d := sampleFlow(0)
	for _, most := range []int{1, 3, 10, 1000} {
		d.Cap = most
		g := d.graph()
		for side, links := range [][]Link{d.Left, d.Right} {
			want, got := int64(0), int64(0)
			for _, l := range links {
				want += l.Weight
			}
			for _, l := range g.links[side] {
				got += l.weight.v
			}
			if got != want {
				t.Errorf("at most %d nodes, side %d: %d, want %d", most, side, got, want)
			}
		}
	}
	shuffled := sampleFlow(0)
	slices.Reverse(shuffled.Left)
	slices.Reverse(shuffled.Right)
	p := words.For(words.English)
	if sampleFlow(0).SVG(p, "x", Wide) != shuffled.SVG(p, "x", Wide) {
		t.Error("the order of the links shows")
	}
}

// Every text has a Japanese one.
func TestJapanese(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	call, seen := regexp.MustCompile(`\.T\("([^"]+)"`), 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range call.FindAllStringSubmatch(string(b), -1) {
			seen++
			args := make([]any, strings.Count(m[1], "%"))
			for i := range args {
				args[i] = 1
			}
			text := strings.ReplaceAll(m[1], "%s", "%d")
			if words.For(words.Japanese).T(m[1], args...) == words.For(words.English).T(m[1], args...) {
				t.Errorf("%q has no Japanese text", text)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d texts were found", seen)
	}
}

func TestGolden(t *testing.T) {
	golden := map[string]string{
		"curve-en.svg":    sampleCurve(30, false).SVG(words.For(words.English), "a", Wide),
		"bridge-ja.svg":   sampleBridge().SVG(words.For(words.Japanese), "a", Narrow),
		"timeline-en.svg": sampleTimeline().SVG(words.For(words.English), "a", Narrow),
	}
	files, err := os.ReadDir("testdata")
	if err != nil && !*update {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := golden[f.Name()]; !ok && !f.IsDir() {
			t.Errorf("testdata/%s belongs to no test", f.Name())
		}
	}
	for name, svg := range golden {
		svg = strings.ReplaceAll(svg, "><", ">\n<") + "\n"
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.MkdirAll("testdata", 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(svg), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), svg); diff != "" {
			t.Errorf("%s: run go test -update and look at it\n%s", name, diff)
		}
	}
}
