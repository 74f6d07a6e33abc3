package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report"
)

// pageCase analyzes a simulated incident and returns the case folder.
func pageCase(t *testing.T, flags ...string) string {
	t.Helper()
	dir := simulated(t, "list-type", 2000)
	out := filepath.Join(t.TempDir(), "case")
	mustRun(t, append([]string{"analyze", "--auth", dir + "/auth.csv", "--payments", dir + "/payments.csv", "--out", out, "--quiet"}, flags...)...)
	return out
}

func readText(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// pageFigure, pageStamp and pageString find the figures of a page: the value, the place in summary.json, what
// is shown.
var (
	pageFigure = regexp.MustCompile(`<data value="(-?\d+)"(?: data-figure="([^"]*)")?>([^<]*)</data>`)
	pageStamp  = regexp.MustCompile(`<time datetime="([^"]*)" data-figure="([^"]*)" data-stamp="([^"]*)">`)
	pageString = regexp.MustCompile(`<span data-figure="([^"]*)"><bdi>([^<]*)</bdi></span>`)
)

// TestPageSaysTheSummary holds every figure of the page against summary.json, and
// looks for every number of the summary on the page, in both languages.
func TestPageSaysTheSummary(t *testing.T) {
	dir := pageCase(t)
	page := readText(t, dir, report.PageName)
	d := json.NewDecoder(strings.NewReader(readText(t, dir, "summary.json")))
	d.UseNumber()
	var summary any
	if err := d.Decode(&summary); err != nil {
		t.Fatal(err)
	}
	at := func(path string) any {
		v := summary
		for _, part := range strings.Split(html.UnescapeString(path), ".") {
			switch c := v.(type) {
			case map[string]any:
				v = c[part]
			case []any:
				n, err := strconv.Atoi(part)
				if err != nil || n >= len(c) {
					return nil
				}
				v = c[n]
			default:
				return nil
			}
		}
		return v
	}
	seen := map[string]int{}
	for _, m := range pageFigure.FindAllStringSubmatch(page, -1) {
		if m[2] != "" {
			seen[m[2]]++
			if got := fmt.Sprint(at(m[2])); got != m[1] {
				t.Errorf("%s is %s on the page, %s in summary.json", m[2], m[1], got)
			}
		}
		if !says(m[3], m[1]) {
			t.Errorf("the value %s is shown as %q", m[1], m[3])
		}
	}
	for _, m := range pageStamp.FindAllStringSubmatch(page, -1) {
		seen[m[2]]++
		if got := fmt.Sprint(at(m[2])); got != m[3] || !strings.HasPrefix(got, m[1][:len(m[1])-1]) {
			t.Errorf("%s is %s on the page, %s in summary.json", m[2], m[3], got)
		}
	}
	for _, m := range pageString.FindAllStringSubmatch(page, -1) {
		seen[m[1]]++
		if got := fmt.Sprint(at(m[1])); got != m[2] {
			t.Errorf("%s is %q on the page, %q in summary.json", m[1], m[2], got)
		}
	}
	// What the page says in another way, or elsewhere.
	skip := regexp.MustCompile(`^(schema_version$|vectors\.\d+\.evidence\.|roles\.\w+_operators\.1[2-9]|clock_skew\.\w+_micros$)`)
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch c := v.(type) {
		case map[string]any:
			for name, v := range c {
				walk(strings.TrimPrefix(path+"."+name, "."), v)
			}
		case []any:
			for i, v := range c {
				walk(path+"."+strconv.Itoa(i), v)
			}
		case json.Number:
			if c != "0" && !skip.MatchString(path) && seen[path] < 2 {
				t.Errorf("%s = %s stands on the page %d times, want once in each language", path, c, seen[path])
			}
		}
	}
	walk("", summary)
	if len(seen) < 100 {
		t.Errorf("only %d figures were compared", len(seen))
	}

	// The lists add up to it.
	var data struct {
		Rows struct {
			Victim, Net []int64
			Tier        []int
			TierList    []string
		}
	}
	unpacked(t, page, "data", &data)
	var sum int64
	for i, victim := range data.Rows.Victim {
		if victim == 1 && data.Rows.TierList[data.Rows.Tier[i]] != "possible" {
			sum += data.Rows.Net[i]
		}
	}
	if want := fmt.Sprint(at("money.0.net_loss")); fmt.Sprint(sum) != want {
		t.Errorf("the losses of the list add up to %d, the net loss is %s", sum, want)
	}
}

// says reports whether a text shows a number: its digits, or a length of time or
// a share of it.
func says(text, value string) bool {
	text = html.UnescapeString(text)
	n, _ := strconv.ParseInt(value, 10, 64)
	digits := regexp.MustCompile(`[^0-9-]`).ReplaceAllString(text, "")
	switch {
	case digits == value:
		return true
	case strings.HasSuffix(text, "%"):
		return text == fmt.Sprintf("%.1f%%", float64(n)/10)
	case regexp.MustCompile(`^0\.\d{3}$`).MatchString(text):
		return text == fmt.Sprintf("%.3f", float64(n)/1000)
	}
	return regexp.MustCompile(`\d ?(s|min|h|d|秒|分|時間|日)`).MatchString(text) || strings.HasSuffix(text, "s") || strings.HasSuffix(text, "m0s")
}

// packedData finds the data of a page.
var packedData = regexp.MustCompile(`<script type="text/plain" id="([a-z0-9-]+)">([A-Za-z0-9+/=]*)</script>`)

// unpackedAll returns the data of a page, by the ids of its elements.
func unpackedAll(t *testing.T, page string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, m := range packedData.FindAllStringSubmatch(page, -1) {
		z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(m[2])))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		all[m[1]] = string(b)
	}
	return all
}

func unpacked(t *testing.T, page, id string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(unpackedAll(t, page)[id]), v); err != nil {
		t.Fatalf("%s: %v", id, err)
	}
}

// TestPageMasksAccounts looks for the accounts of a case, and the hashes of them,
// in its page and in the page's data.
func TestPageMasksAccounts(t *testing.T) {
	dir := pageCase(t)
	masked := readText(t, dir, report.PageName)
	revealed := filepath.Join(t.TempDir(), "revealed.html")
	mustRun(t, "report", dir, "--reveal", "--out", revealed)
	var secret []string
	for _, name := range []string{"takeovers", "victims", "charges"} {
		rows := csvRecords(t, filepath.Join(dir, name+".csv"))
		for column, head := range rows[0] {
			if head == "account_id" || head == "campaign_id" || head == "txn_id" {
				for _, row := range rows[1:] {
					secret = append(secret, row[column])
				}
			}
		}
	}
	slices.Sort(secret)
	secret = slices.Compact(secret)
	for _, c := range []struct {
		page string
		want bool
	}{{masked, false}, {readText(t, revealed), true}} {
		text := c.page
		for _, data := range unpackedAll(t, c.page) {
			text += data
		}
		found := 0
		for _, s := range secret {
			if strings.Contains(text, s) {
				found++
			}
		}
		if c.want != (found == len(secret)) || !c.want && found > 0 {
			t.Errorf("%d of %d ids are in the page, revealed: %v", found, len(secret), c.want)
		}
	}
}

func csvRecords(t *testing.T, path string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(readText(t, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestReportWritesThePageOfAnalyze: the page can be made from the folder alone.
func TestReportWritesThePageOfAnalyze(t *testing.T) {
	for _, flags := range [][]string{
		nil,
		{"--lang", "ja", "--tz", "Asia/Tokyo", "--mark", "2019-07-15T10:00+09:00=チャージ停止", "--mark", "2019-07-15T00:00Z=<b>&\u202e"},
	} {
		for _, format := range []string{"csv", "parquet"} {
			dir := pageCase(t, append([]string{"--format", format}, flags...)...)
			out := filepath.Join(t.TempDir(), "page.html")
			mustRun(t, append([]string{"report", dir, "--out", out}, flags...)...)
			if got, want := readText(t, out), readText(t, dir, report.PageName); got != want {
				t.Errorf("%s %v: report writes %d bytes, analyze wrote %d others", format, flags, len(got), len(want))
			}
		}
	}
}

// TestMarkMoney: what was spent before and after a mark is what was spent.
func TestMarkMoney(t *testing.T) {
	dir := pageCase(t, "--mark", "2019-07-15T21:00Z=caps lowered", "--mark", "2030-01-01T00:00Z=later", "--mark", "2000-01-01T00:00Z=before")
	rows := csvRecords(t, filepath.Join(dir, "timeline.csv"))
	column := slices.Index(rows[0], "cumulative_spend")
	want := rows[len(rows)-1][column]
	page := readText(t, dir, report.PageName)
	_, table, _ := strings.Cut(page, "<h3>Marks</h3>")
	table, _, _ = strings.Cut(table, "</table>")
	marks := strings.Split(table, "<tr>")[2:]
	if len(marks) != 3 {
		t.Fatalf("%d marks", len(marks))
	}
	for i, m := range marks {
		f := pageFigure.FindAllStringSubmatch(m, -1)
		before, _ := strconv.Atoi(f[0][1])
		after, _ := strconv.Atoi(f[1][1])
		if fmt.Sprint(before+after) != want || (before == 0) != (i == 0) || (after == 0) != (i == 2) {
			t.Errorf("mark %d: %d before and %d after, of %s", i, before, after, want)
		}
	}
}

// hostileTexts are what attackers write into the fields of a log.
var hostileTexts = []string{
	`<script>window.pwned=1</script>`, `"><img src=x onerror=window.pwned=1>`, `</script><script>window.pwned=1</script>`,
	"' onmouseover='window.pwned=1", "\u202eabc\u2066\u200b\u0000x", "a\u2028b\u2029c", strings.Repeat("long-id-", 1250), "&lt;b&gt;&amp;",
	"{{.Reveal}}", "</template></main>", "=1+1", "\\u003cscript\\u003e", "a;b,c",
}

// hostileCase replaces ids of an incident by what attackers would write.
func hostileCase(t *testing.T) string {
	t.Helper()
	dir := simulated(t, "list-type", 2000)
	rows := csvRecords(t, filepath.Join(dir, "truth_accounts.csv"))
	swap := map[string]string{}
	for _, row := range rows[1:] {
		if row[1] == "victim" && len(swap) < len(hostileTexts) {
			swap[row[0]] = hostileTexts[len(swap)]
		}
	}
	for _, name := range []string{"auth.csv", "payments.csv"} {
		path := filepath.Join(dir, name)
		rows := csvRecords(t, path)
		for i, row := range rows {
			for j, cell := range row {
				if s, ok := swap[cell]; ok {
					row[j] = s
				} else if i > 0 && (rows[0][j] == "store_id" || rows[0][j] == "user_agent" || rows[0][j] == "device_id") && cell != "" && cell[len(cell)-1] == '3' {
					row[j] = hostileTexts[len(cell+row[1])%len(hostileTexts)] + cell
				}
			}
		}
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "case")
	mustRun(t, "analyze", "--auth", dir+"/auth.csv", "--payments", dir+"/payments.csv", "--out", out, "--quiet")
	return out
}

// pageTools returns the folder of what the test in a browser needs, and the
// browser; without them it skips.
func pageTools(t *testing.T) (folder, browser string) {
	t.Helper()
	folder = filepath.Join("..", "..", "report", "html", "testdata", "browser")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "playwright-core")); err != nil {
		t.Skip("needs 'npm install' in " + folder)
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("needs node")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return folder, path
		}
	}
	t.Skip("needs chromium")
	return "", ""
}

// TestPageInABrowser opens pages in Chromium: lists, search, languages, keyboard,
// paper, no request, no script of a log, nothing that axe-core finds serious.
func TestPageInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("opens a browser")
	}
	folder, browser := pageTools(t)
	dir, hostile := pageCase(t, "--mark", "2019-07-15T21:00Z=caps lowered"), hostileCase(t)
	open := filepath.Join(t.TempDir(), "hostile.html")
	mustRun(t, "report", hostile, "--reveal", "--mark", "2019-07-15T21:00Z=<script>window.pwned=1</script>", "--out", open)
	cmd := exec.Command("node", filepath.Join(folder, "page.test.mjs"), filepath.Join(dir, report.PageName), filepath.Join(dir, "summary.json"), filepath.Join(hostile, report.PageName), open)
	cmd.Env = append(os.Environ(), "CHROMIUM="+browser)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// TestPageIsValid has the checker of the W3C read pages.
func TestPageIsValid(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the checker of the W3C")
	}
	folder, _ := pageTools(t)
	jar := filepath.Join(folder, "node_modules", "vnu-jar", "build", "dist", "vnu.jar")
	if _, err := exec.LookPath("java"); err != nil {
		t.Skip("needs java")
	}
	if _, err := os.Stat(jar); err != nil {
		t.Skip("needs vnu-jar")
	}
	dir, hostile := pageCase(t, "--mark", "2019-07-15T21:00Z=caps lowered"), hostileCase(t)
	open := filepath.Join(t.TempDir(), "hostile.html")
	mustRun(t, "report", hostile, "--reveal", "--lang", "ja", "--out", open)
	// The checker knows no paint-order, which is a property of CSS and of SVG.
	out, err := exec.Command("java", "-jar", jar, "--errors-only", "--filterpattern", ".*paint-order.*", filepath.Join(dir, report.PageName), open).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
