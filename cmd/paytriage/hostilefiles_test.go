package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// canary is what a file holds that no command line names.
const canary = "canary-7f3a91"

// sampleCase copies the small sample and analyzes it.
func sampleCase(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"auth.csv", "payments.csv"} {
		put(t, filepath.Join(dir, name), readText(t, "..", "..", "samples", "small", name))
	}
	mustRun(t, "analyze", "--auth", filepath.Join(dir, "auth.csv"), "--payments", filepath.Join(dir, "payments.csv"), "--out", filepath.Join(dir, "case"), "--quiet")
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// allocated returns how many bytes a function allocates.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A damage is what somebody did to a finished case.
type damage struct {
	name string
	do   func(t *testing.T, dir string)
}

func damages() []damage {
	var all []damage
	add := func(name string, do func(t *testing.T, dir string)) { all = append(all, damage{name, do}) }
	swapIn := func(file, old, new string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			text := readText(t, dir, file)
			if !strings.Contains(text, old) {
				t.Fatalf("%s has no %s", file, old)
			}
			put(t, filepath.Join(dir, file), strings.ReplaceAll(text, old, new))
		}
	}
	for _, name := range []string{"../secret.csv", "../../etc/passwd", "/etc/passwd", "x/../../secret.csv", "..", ".", "", `..\\secret.csv`, `\u0000`, `victims.csv\u0000x`, `\u001b[2J`, `\ud800`, strings.Repeat("x", 100_000)} {
		add("an output called "+name[:min(len(name), 30)], swapIn("manifest.json", `"victims.csv"`, `"`+name+`"`))
	}
	for _, name := range []string{"/dev/zero", "/etc/passwd", "../secret.csv", "-", "", `\u001b[2J`, "/proc/self/mem", "."} {
		add("an input called "+name, swapIn("manifest.json", `"name": "auth.csv"`, `"name": "`+name+`"`))
	}
	for _, file := range []string{"manifest.json", "summary.json", "victims.csv", "takeovers.csv", "refunds.csv"} {
		replaced := func(what string, by func(t *testing.T, path string)) {
			add(file+" is "+what, func(t *testing.T, dir string) {
				path := filepath.Join(dir, file)
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				by(t, path)
			})
		}
		link := func(to string) func(*testing.T, string) {
			return func(t *testing.T, path string) {
				if err := os.Symlink(to, path); err != nil {
					t.Skip(err)
				}
			}
		}
		replaced("a link to a secret", link("../secret.csv"))
		replaced("a link to /dev/zero", link("/dev/zero"))
		replaced("a link to itself", link(file))
		replaced("a pipe", func(t *testing.T, path string) {
			if err := exec.Command("mkfifo", path).Run(); err != nil {
				t.Skip(err)
			}
		})
		replaced("a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		})
		for name, text := range badFiles() {
			replaced(name, func(t *testing.T, path string) { put(t, path, text) })
		}
	}
	for _, number := range []string{"-1", "9223372036854775807", "1e999", "null", `"x"`, "[]", "1.5", strings.Repeat("9", 1000)} {
		add("bytes of a file are "+number[:min(len(number), 20)], swapIn("manifest.json", `"bytes": `, `"bytes": `+number+`, "was": `))
		add("the schema of the summary is "+number[:min(len(number), 20)], swapIn("summary.json", `"schema_version": 1`, `"schema_version": `+number))
	}
	return all
}

// badFiles are files that are no JSON, no YAML and no CSV of ours, and some that are.
func badFiles() map[string]string {
	return map[string]string{
		"empty":                       "",
		"NUL":                         strings.Repeat("\x00", 1000),
		"a mark":                      "\ufeff",
		"UTF-16":                      "\xff\xfea\x00:\x00 \x001\x00",
		"bytes":                       "\x80\xff\xfe\x00\x1b[2J",
		"null":                        "null",
		"a number":                    "1",
		"a text":                      `"` + canary[:3] + `"`,
		"a list":                      "[]",
		"an object":                   "{}",
		"an object in an object":      `{"":{"":{"":{}}}}`,
		"cut":                         `{"tool":"paytriage","outputs":[{"name":"vic`,
		"a million brackets":          strings.Repeat("[", 1_000_000),
		"a million braces":            strings.Repeat(`{"a":`, 1_000_000),
		"a hundred thousand brackets": strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"keys twice":                  `{"tool":"paytriage","tool":"x","version":1,"version":2,"outputs":[],"outputs":null}`,
		"YAML keys twice":             "version: 1\nversion: 1\nname: x\nname: y\n",
		"a huge number":               `{"version":1` + strings.Repeat("0", 1_000_000) + `}`,
		"huge exponents":              `{"version":1e1000000000,"schema_version":-1e-1000000000}`,
		"lone surrogates":             `{"tool":"\ud800","a":"\udc00\ud800"}`,
		"aliases":                     laughs(),
		"an alias of itself":          "a: &a [*a, *a]\n<<: *a\n",
		"merges":                      "a: &a {b: 1}\nb: &b {<<: [*a, *a, *a]}\nc: {<<: [*b, *b, *b]}\n",
		"deep flow":                   strings.Repeat("{a: ", 100_000),
		"deep blocks":                 deepBlocks(),
		"a long text":                 "reason: " + strings.Repeat("x", 3<<20),
		"a long key":                  strings.Repeat("k", 3<<20) + ": 1",
		"many keys":                   manyKeys(100_000),
		"tags":                        "a: !!python/object/apply:os.system [id]\nb: !!binary \"%%%\"\nc: !!float x\nd: !!timestamp x\n",
		"documents":                   strings.Repeat("---\na: 1\n", 10_000),
		"directives":                  "%YAML 99.9\n%TAG ! tag:x,2000:\n---\na: 1\n",
		"complex keys":                "? [a, b]\n: 1\n? {a: b}\n: 2\n",
		"odd numbers":                 "version: .inf\na: .nan\nb: 0o777777777777777777777777\nc: 0xffffffffffffffffff\nd: 1_000\ne: 190:20:30\n",
		"tabs":                        "a:\n\t- b\n\t\tc: d\n",
		"a quote without an end":      "account_id,decision\n\"" + strings.Repeat("x\n", 700_000),
		"a line without an end":       strings.Repeat("x", 3<<20),
		"a hundred thousand columns":  strings.Repeat("account_id,", 100_000) + "\n" + strings.Repeat(",", 100_000) + "\n",
		"blank lines":                 strings.Repeat("\n", 100_000),
		"commas":                      strings.Repeat(",", 100_000),
		"markup":                      "<script>window.pwned=1</script>",
		"terminal":                    "\x1b]52;c;cGF3\x07,\u202e\n\x1b[2J,\u009b2J\n",
	}
}

func laughs() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
	}
	return b.String()
}

func deepBlocks() string {
	var b strings.Builder
	for i := range 2000 {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key%d: {value: %d, reason: x}\n", i, i)
	}
	return b.String()
}

// TestHostileCases reads cases that somebody changed. No command may hang, read what
// the case does not hold, or write where it was not told to.
func TestHostileCases(t *testing.T) {
	t.Parallel()
	base := sampleCase(t)
	plain := filepath.Join(base, "case")
	account := strings.Split(readText(t, plain, "victims.csv"), "\n")[1]
	account, _, _ = strings.Cut(account, ",")
	var n, verified tally
	for _, d := range damages() {
		t.Run(d.name, func(t *testing.T) {
			work := t.TempDir()
			for _, name := range []string{"auth.csv", "payments.csv"} {
				put(t, filepath.Join(work, name), readText(t, base, name))
			}
			put(t, filepath.Join(work, "secret.csv"), canary+",account_id\n"+canary+",1\n")
			put(t, filepath.Join(work, "key"), string(randomKey()))
			dir := filepath.Join(work, "case")
			if err := os.CopyFS(dir, os.DirFS(plain)); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "manifest.json"), strings.ReplaceAll(readText(t, dir, "manifest.json"), base, work))
			d.do(t, dir)
			out := filepath.Join(work, "out")
			if err := os.Mkdir(out, 0o700); err != nil {
				t.Fatal(err)
			}
			logs := []string{"--auth", filepath.Join(work, "auth.csv"), "--payments", filepath.Join(work, "payments.csv")}
			for i, args := range [][]string{
				{"verify", dir}, {"show", dir, "victims"}, {"show", dir, "refunds", "--csv"}, {"diff", plain, dir}, {"diff", dir, plain, "--json"},
				append([]string{"explain", dir, account}, logs...), {"refunds", dir, "--out", filepath.Join(out, "ledger")},
				{"report", dir, "--out", filepath.Join(out, "page.html")}, {"redact", dir, "--key", filepath.Join(work, "key"), "--out", filepath.Join(out, "copy")},
				{"indicators", dir}, append([]string{"whatif", dir}, logs...),
			} {
				s := tried(args...)
				fault := s.fault(0, 1, 3, 4)
				if strings.Contains(s.out+s.err, canary) {
					fault = "tells what stands in another file: " + s.out + s.err
				}
				if i == 0 {
					if fault == "" && s.code == 0 {
						fault = "verify finds nothing"
					}
					verified.of(t, args[0], fault)
				}
				n.of(t, strings.Join(args[:1], " "), fault)
			}
			filepath.WalkDir(out, func(path string, e os.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				if strings.Contains(readText(t, path), canary) {
					t.Errorf("%s tells what stands in another file", filepath.Base(path))
				}
				return nil
			})
			entries, err := os.ReadDir(work)
			if err != nil || len(entries) != 6 {
				t.Errorf("%d files beside the case, %v", len(entries), err)
			}
		})
	}
	verified.print(t, "cases that somebody changed, by verify")
	n.print(t, "commands that read them")
}

// mostBomb is how much one of these files may make a command allocate: the largest
// has 5 MB.
const mostBomb = 1 << 30

// TestHostileSettings gives every flag that takes a file all bad files.
func TestHostileSettings(t *testing.T) {
	t.Parallel()
	base := sampleCase(t)
	at := func(name string) string { return filepath.Join(base, name) }
	logs := []string{"--auth", at("auth.csv"), "--payments", at("payments.csv")}
	analyze := func(flag string) func(file, out string) []string {
		return func(file, out string) []string {
			return append([]string{"analyze", flag, file, "--out", filepath.Join(out, "case"), "--quiet"}, logs...)
		}
	}
	var n tally
	for name, command := range map[string]func(file, out string) []string{
		"policy":    analyze("--policy"),
		"profile":   analyze("--profile"),
		"config":    analyze("--config"),
		"known-bad": analyze("--known-bad"),
		"exclude":   analyze("--exclude"),
		"balances":  analyze("--balances"),
		"decisions": analyze("--decisions"),
		"previous":  analyze("--previous"),
		"card key":  analyze("--card-key"),
		"sign key":  analyze("--sign-key"),
		"claims":    func(file, _ string) []string { return []string{"claims", at("case"), file, "--by", "customer"} },
		"truth":     func(file, _ string) []string { return []string{"evaluate", at("case"), "--truth", file} },
		"refunded":  func(file, _ string) []string { return []string{"refunds", at("case"), "--already-refunded", file} },
		"key": func(file, out string) []string {
			return []string{"redact", at("case"), "--key", file, "--out", out + "/copy"}
		},
		"public": func(file, _ string) []string { return []string{"verify", at("case"), "--key", file} },
	} {
		t.Run(name, func(t *testing.T) {
			for what, text := range badFiles() {
				out := t.TempDir()
				file := filepath.Join(out, "file")
				if name == "profile" || name == "config" {
					file += ".yaml"
				}
				put(t, file, text)
				var s said
				used := allocated(func() { s = tried(command(file, out)...) })
				fault := s.fault(0, 1, 2, 3, 4)
				if used > mostBomb {
					fault = fmt.Sprintf("%d MiB were allocated", used>>20)
				}
				n.of(t, what, fault)
			}
		})
	}
	n.print(t, "bad files for flags: YAML, JSON and CSV bombs")
}

// zipOf packs members with any names.
func zipOf(t *testing.T, names []string, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, NonUTF8: true}
		if strings.HasPrefix(name, "link") {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			if _, err := io.WriteString(w, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// hostileLogs are logs by the name of their file, without which none can be told.
func hostileLogs(t *testing.T) map[string]string {
	const head = "event_time,account_id,event,outcome,reason,ip,device_id,user_agent\n"
	line := func(account, ip, device string) string {
		return "2019-07-01T09:00:00.5Z," + account + ",login,success,," + ip + "," + device + ",app\n"
	}
	good := head + line("a1", "192.0.2.1", "d1")
	object := `{"event_time":"2019-07-01T09:00:00.5Z","account_id":"a1","event":"login","outcome":"success"`
	all := map[string]string{
		"empty.csv":        "",
		"blank.csv":        " \n\t\n",
		"mark.csv":         "\ufeff",
		"head.csv":         head,
		"head without end": strings.TrimSuffix(head, "\n"),
		"twice.csv":        strings.Replace(head, "reason", "account_id", 1) + line("a1", "192.0.2.1", "d1"),
		"nul.csv":          good + "\x00\x00\x00\n" + line("a\x00b", "192.0.2.1", "\x00"),
		"nuls.csv":         strings.Repeat("\x00", 100_000),
		"nul head.csv":     "\x00" + good,
		"proto.csv":        strings.TrimSuffix(head, "\n") + ",__proto__,constructor,toString\n" + strings.TrimSuffix(line("a1", "192.0.2.1", "d1"), "\n") + ",x,y,z\n",
		"long ids.csv":     head + line(strings.Repeat("x", 100_000), "192.0.2.1", strings.Repeat("y", 100_000)),
		"longer ids.csv":   head + line(strings.Repeat("x", 2<<20), "192.0.2.1", "d1") + line("a1", "192.0.2.1", "d1"),
		"separators.csv":   head + line(`"a;b"`, "192.0.2.1", `"d,1"`) + line(`"a,b"`, "192.0.2.1", `";"`),
		"quotes.csv":       head + line(`a"b`, "192.0.2.1", `"d""1"`) + line(`"a`, "192.0.2.1", "d1"),
		"open quote.csv":   good + strings.Replace(line(`"a`, "192.0.2.1", "d1"), "\n", strings.Repeat("\nx", 1000), 1),
		"cr.csv":           strings.ReplaceAll(good, "\n", "\r"),
		"crcrlf.csv":       strings.ReplaceAll(good, "\n", "\r\r\n"),
		"backslash.csv":    head + line(`a\`, "192.0.2.1", `\"`) + line(`a\,b`, "192.0.2.1", "d"),
		"cp932 0x5c.csv":   head + line("\x83\x5c\x95\x5c\x94\x5c", "192.0.2.1", "\x8d\x5c") + strings.Repeat(line("\x93\x8c\x8b\x9e", "192.0.2.1", "\x83\x5c"), 20),
		"cp932 cut.csv":    head + strings.Repeat(line("\x93\x8c\x8b\x9e\x83", "192.0.2.1", "d1"), 20),
		"surrogates.csv":   good + line("a\xed\xa0\x80", "192.0.2.1", "\xed\xb0\x80") + line("\xc0\xaf\xe0\x80\xaf", "192.0.2.1", "\xf4\x90\x80\x80"),
		"utf16.csv":        "\xff\xfe" + strings.Join(strings.Split(good, ""), "\x00") + "\x00",
		"utf16 odd.csv":    "\xff\xfe" + strings.Join(strings.Split(good, ""), "\x00"),
		"combining.csv":    head + line("a"+strings.Repeat("\u0301", 50_000), "192.0.2.1", strings.Repeat("\u200d", 50_000)),
		"addresses.csv":    head + line("a1", "::", "d") + line("a1", "999.1.1.1", "d") + line("a1", "1.2.3.4, 5.6.7.8", "d") + line("a1", "::ffff:1.2.3.4%eth0", "d") + line("a1", strings.Repeat("f:", 1000), "d") + line("a1", "0x7f.1", "d") + line("a1", "１.２.３.４", "d"),
		"times.csv": head + "0000-00-00T00:00:00Z,a,login,success,,,,\n9999-12-31T23:59:60Z,a,login,success,,,,\n-2019-07-01T00:00:00Z,a,login,success,,,,\n2019-02-30T00:00:00Z,a,login,success,,,,\n" +
			"99999999999999999999,a,login,success,,,,\n-1,a,login,success,,,,\n1e9,a,login,success,,,,\n2019-07-01T00:00:00+99:99,a,login,success,,,,\n2019-07-01T24:00:00Z,a,login,success,,,,\n",
		"keys.jsonl":         object + "}\n" + object + `,"account_id":"a2"}` + "\n" + object + `,"__proto__":{"x":1},"constructor":null,"":""}` + "\n",
		"surrogates.jsonl":   object + `,"device_id":"\ud800"}` + "\n" + object + `,"device_id":"\udc00\ud800"}` + "\n" + object + `,"device_id":"` + "\xed\xa0\x80" + `"}` + "\n",
		"escapes.jsonl":      object + `,"device_id":"\u0000\u001b[2J\u202e"}` + "\n" + object + `,"device_id":"\x"}` + "\n" + object + `,"device_id":"` + "\n" + `"}` + "\n",
		"deep.jsonl":         object + `,"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}\n" + object + "}\n",
		"deeper.jsonl":       object + "}\n" + strings.Repeat(`{"a":`, 100_000) + "\n" + object + "}\n",
		"numbers.jsonl":      object + `,"x":1` + strings.Repeat("0", 100_000) + "}\n" + object + `,"x":1e999999999}` + "\n" + object + `,"x":-0.0}` + "\n" + object + `,"x":01}` + "\n",
		"list.json":          "[" + object + "}," + object + "},,]",
		"nulls.jsonl":        strings.Repeat("null\n", 1000) + object + "}\n",
		"pairs.log":          "event_time=2019-07-01T09:00:00Z account_id=a1 event=login outcome=success\nevent_time=\"" + strings.Repeat("=", 10_000) + "\n" + strings.Repeat("= ", 10_000) + "\n",
		"page.html":          "<!DOCTYPE html><script>window.pwned=1</script>",
		"bytes.bin":          "\x7fELF\x02\x01\x01" + strings.Repeat("\xff\x00", 1000),
		"cut.csv.gz":         "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
		"gzip of nothing.gz": "\x1f\x8b",
		"zstd.zst":           "\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff",
		"xz.xz":              "\xfd7zXZ\x00\xff\xff",
		"bzip2.bz2":          "BZh9\x31\x41\x59\x26\x53\x59\xff\xff",
		"parquet.parquet":    "PAR1" + strings.Repeat("\xff", 100) + "\xff\xff\xff\x7fPAR1",
		"parquet 0.parquet":  "PAR1\x00\x00\x00\x00PAR1",
		"empty.zip":          zipOf(t, nil, ""),
		"cut.zip":            zipOf(t, []string{"auth.csv"}, good)[:60],
	}
	for i, names := range [][]string{
		{"../evil.csv"}, {"../../../../../../evil.csv"}, {"/evil.csv"}, {`..\evil.csv`}, {`C:\evil.csv`}, {"a/../../evil.csv"}, {"link.csv"}, {"\x00.csv"}, {"\x1b[2J.csv"},
		{"=evil.csv"}, {"\u202evsc.exe"}, {"auth.csv", "auth.csv"}, {"AUTH.csv", "auth.csv"}, {strings.Repeat("x", 60_000) + ".csv"}, {strings.Repeat("d/", 10_000) + "auth.csv"},
		{"con.csv"}, {"."}, {".."}, {"/"}, {"\x83\x5c.csv"}, {"auth.csv/", "auth.csv/x.csv"}, {"__MACOSX/._auth.csv", "auth.csv"}, {"in.zip"}, {"file:///etc/passwd"}, {"-"}, {" "}, {"auth.csv\n"},
	} {
		all[fmt.Sprintf("names%d.zip", i)] = zipOf(t, names, good)
	}
	amounts := ""
	for _, amount := range []string{"0", "1", "-1", "+1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616", "1000000000000000", "1000000000000001", "99999999999999999999999", "1e3", "1e400",
		"0x10", "１２３", "1,000", "1.5", ".", "1.", ".5", "NaN", "Infinity", "", " 1 ", "1_000", "٣", "1\u00a0000", "0.1e1", "--1", "1-", "(1)", "¥1", "1円"} {
		amounts += fmt.Sprintf("2019-07-01T10:00:00Z,t%d,a1,payment,%q,JPY\n", len(amounts), amount)
	}
	payments := "event_time,txn_id,account_id,kind,amount,currency\n"
	all["payments amounts.csv"] = payments + amounts
	all["payments sums.csv"] = payments + strings.Repeat("2019-07-01T10:00:00Z,N,a1,payment,1000000000000000,JPY\n", 1)
	var sums strings.Builder
	sums.WriteString(payments)
	for i := range 10_000 { // 10,000 times the largest amount is more than an int64 holds
		fmt.Fprintf(&sums, "2019-07-01T10:%02d:%02dZ,t%d,a1,topup,1000000000000000,JPY\n", i/60%60, i%60, i)
	}
	all["payments sums.csv"] = sums.String()
	all["payments currencies.csv"] = payments + "2019-07-01T10:00:00Z,t1,a1,payment,1,XXX\n2019-07-01T10:00:00Z,t2,a1,payment,1,jpy\n2019-07-01T10:00:00Z,t3,a1,payment,1,=JPY\n2019-07-01T10:00:00Z,t4,a1,payment,1,JPYJPY\n2019-07-01T10:00:00Z,t5,a1,payment,1,\u202eJPY\n"
	all["payments ids.csv"] = payments + strings.Repeat("2019-07-01T10:00:00Z,,a1,payment,1,JPY\n", 3) + "2019-07-01T10:00:00Z,t1,,payment,1,JPY\n" + strings.Repeat("2019-07-01T10:00:00Z,t2,a1,payment,1,JPY\n", 3) + "2019-07-01T10:00:00Z,t2,a2,payment,2,JPY\n"
	return all
}

// TestHostileLogs reads logs that nobody would write: with inspect, convert and
// analyze. Rows are accounted for, and nothing is written elsewhere.
func TestHostileLogs(t *testing.T) {
	t.Parallel()
	base := sampleCase(t)
	var n tally
	for name, text := range hostileLogs(t) {
		t.Run(name, func(t *testing.T) {
			work := t.TempDir()
			dir := filepath.Join(work, "in", "of")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			file, role := filepath.Join(dir, name), "--auth"
			put(t, file, text)
			logs := []string{"--auth", file, "--payments", filepath.Join(base, "payments.csv")}
			if strings.HasPrefix(name, "payments") {
				logs, role = []string{"--auth", filepath.Join(base, "auth.csv"), "--payments", file}, "--payments"
			}
			out := filepath.Join(work, "case")
			for _, args := range [][]string{
				{"inspect", file}, {"inspect", file, "--json"},
				{"convert", role, file, "--out", filepath.Join(work, "rows.csv"), "--rejects", filepath.Join(work, "rejects.csv")},
				append([]string{"analyze", "--out", out}, logs...),
			} {
				var s said
				used := allocated(func() { s = tried(args...) })
				fault := s.fault(0, 1, 3)
				if args[0] != "convert" {
					fault += unclean(s.out)
				}
				if used > mostBomb {
					fault = fmt.Sprintf("%d MiB were allocated", used>>20)
				}
				n.of(t, args[0], fault)
				if args[0] != "analyze" {
					continue
				}
				if s.code == 1 {
					if _, err := os.Stat(filepath.Join(out, "manifest.json")); err == nil {
						t.Error("it failed, and left a finished case")
					}
				} else if err := wholeCase(out); err != nil {
					t.Error(err)
				} else if v := tried("verify", out); v.code != 0 {
					t.Errorf("verify: %s%s", v.out, v.err)
				} else if fault := runsIn(csvRecords(t, filepath.Join(out, "rejects.csv"))); fault != "" {
					t.Error(fault)
				}
			}
			var strangers []string
			filepath.WalkDir(work, func(path string, e os.DirEntry, err error) error {
				if err == nil && strings.Contains(e.Name(), "evil") {
					strangers = append(strangers, path)
				}
				return err
			})
			if len(strangers) > 0 {
				t.Errorf("%q were unpacked", strangers)
			}
		})
	}
	n.print(t, "logs that nobody would write, by command")
}
