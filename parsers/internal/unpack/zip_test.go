package unpack

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	stdflate "compress/flate"

	"github.com/google/go-cmp/cmp"
)

// A zipEntry is what a zipFile says of a member. What is zero is as it should
// be.
type zipEntry struct {
	name       string
	text       []byte
	deflate    bool
	stored     []byte // instead of the text
	flags      uint16
	method     uint16
	system     byte
	attributes uint32
	sum        uint32
	large      bool // sizes and place stand in an extra field
	at         int  // instead of where it is, from 1
	size       int  // instead of that of stored
	unpacked   int  // instead of that of the text
}

// zipFile makes an archive with an end that is for a large one, if large, and a
// comment.
func zipFile(tb testing.TB, large bool, comment string, entries ...zipEntry) []byte {
	tb.Helper()
	var file, dir []byte
	le := binary.LittleEndian
	for _, e := range entries {
		if e.stored == nil {
			e.stored = e.text
			if e.deflate {
				var b bytes.Buffer
				w, _ := stdflate.NewWriter(&b, 6)
				write(tb, w, e.text)
				e.method, e.stored = methodDeflate, b.Bytes()
			}
		}
		if e.sum == 0 {
			e.sum = crc32.ChecksumIEEE(e.text)
		}
		at, size, unpacked := len(file), len(e.stored), len(e.text)
		file = append(file, "PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
		file = le.AppendUint16(file, uint16(len(e.name)))
		file = le.AppendUint16(file, 3) // an extra field that means nothing
		file = append(append(append(file, e.name...), "\x07\x00\x00"...), e.stored...)
		if e.at > 0 {
			at = e.at - 1
		}
		if e.size != 0 {
			size = e.size
		}
		if e.unpacked != 0 {
			unpacked = e.unpacked
		}
		extra := []byte("\x55\x54\x01\x00\x00")
		if e.large {
			extra = append(extra, "\x01\x00\x18\x00"...)
			extra = le.AppendUint64(le.AppendUint64(le.AppendUint64(extra, uint64(unpacked)), uint64(size)), uint64(at))
			at, size, unpacked = 1<<32-1, 1<<32-1, 1<<32-1
		}
		dir = append(dir, "PK\x01\x02\x14"...)
		dir = append(dir, e.system, 0x14, 0)
		dir = le.AppendUint16(le.AppendUint16(dir, e.flags), e.method)
		dir = le.AppendUint32(le.AppendUint32(dir, 0), e.sum)
		dir = le.AppendUint32(le.AppendUint32(dir, uint32(size)), uint32(unpacked))
		dir = le.AppendUint16(le.AppendUint16(dir, uint16(len(e.name))), uint16(len(extra)))
		dir = append(le.AppendUint16(dir, 4), 0, 0, 0, 0) // a comment of its own
		dir = le.AppendUint32(le.AppendUint32(dir, e.attributes), uint32(at))
		dir = append(append(append(dir, e.name...), extra...), "note"...)
	}
	at, count, size := len(file), len(entries), len(dir)
	file = append(file, dir...)
	if large {
		end := len(file)
		file = append(file, "PK\x06\x06\x2c\x00\x00\x00\x00\x00\x00\x00\x2d\x00\x2d\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
		file = le.AppendUint64(le.AppendUint64(file, uint64(count)), uint64(count))
		file = le.AppendUint64(le.AppendUint64(file, uint64(size)), uint64(at))
		file = le.AppendUint64(append(file, "PK\x06\x07\x00\x00\x00\x00"...), uint64(end))
		file = append(file, 1, 0, 0, 0)
		at, count, size = 1<<32-1, 1<<16-1, 1<<32-1
	}
	file = append(file, "PK\x05\x06\x00\x00\x00\x00"...)
	file = le.AppendUint16(le.AppendUint16(file, uint16(count)), uint16(count))
	file = le.AppendUint32(le.AppendUint32(file, uint32(size)), uint32(at))
	return append(le.AppendUint16(file, uint16(len(comment))), comment...)
}

// A found member is what a test wants to know of it.
type found struct{ name, text, err string }

// readZip lists and reads all members.
func readZip(tb testing.TB, file []byte) (all []found, err error) {
	tb.Helper()
	f := bytes.NewReader(file)
	members, err := Members(f, int64(len(file)))
	for _, m := range members {
		r, err := OpenMember(context.Background(), f, m, Limits{})
		if err != nil {
			all = append(all, found{m.Name, "", err.Error()})
			continue
		}
		text, err := io.ReadAll(r)
		r.Close()
		one := found{name: m.Name, text: string(text)}
		if err != nil {
			one.err = err.Error()
		} else if r.Stored() != m.Stored || r.Kind() != Zip {
			tb.Errorf("%s: kind %q, %d bytes of %d", m.Name, r.Kind(), r.Stored(), m.Stored)
		}
		all = append(all, one)
	}
	return all, err
}

func TestMembers(t *testing.T) {
	defer noLeaks(t)
	a, b := []byte("a,1\n"), logLines(200_000)
	good := []zipEntry{{name: "b.csv", text: b, deflate: true}, {name: "a.csv", text: a}}
	want := []found{{"a.csv", string(a), ""}, {"b.csv", string(b), ""}}
	goodLarge := []zipEntry{{name: "b.csv", text: b, deflate: true, large: true}, {name: "a.csv", text: a, large: true}}
	folder, link := uint32(0o40755)<<16, uint32(0o120777)<<16
	for _, c := range []struct {
		name string
		file []byte
		want []found
	}{
		{"no member", zipFile(t, false, ""), nil},
		{"two", zipFile(t, false, "", good...), want},
		{"two by the standard library", packZip(t, "a.csv", string(a), "b.csv", string(b)), want},
		{"a comment", zipFile(t, false, "exported for PK\x05\x06 the police, as asked for", good...), want},
		{"bytes behind", append(zipFile(t, false, "", good...), 0, 0, 0), want},
		{"large", zipFile(t, true, "", goodLarge...), want},
		{"large, with a comment", zipFile(t, true, strings.Repeat("x", 1<<16-1), goodLarge...), want},
		{"large end, small entries", zipFile(t, true, "", good...), want},
		{"empty", zipFile(t, false, "", zipEntry{name: "x.csv"}, zipEntry{name: "y.csv", text: []byte{}, deflate: true}),
			[]found{{"x.csv", "", ""}, {"y.csv", "", ""}}},
		{"not to be read", zipFile(t, false, "", zipEntry{name: "logs/"}, zipEntry{name: "logs/a.csv", text: a},
			zipEntry{name: "__MACOSX/logs/._a.csv", text: a}, zipEntry{name: "logs/.DS_Store", text: a}, zipEntry{name: ".git/a.csv", text: a},
			zipEntry{name: "./b.csv", text: a}, zipEntry{name: "../../etc/passwd", text: a}, zipEntry{name: "a__MACOSX", text: a},
			zipEntry{name: "folder", system: 3, attributes: folder}, zipEntry{name: "link", text: a, system: 3, attributes: link},
			zipEntry{name: "windows folder", attributes: 0x10}, zipEntry{name: "z/", text: a, system: 3, attributes: folder}, zipEntry{name: "unix file", text: a, system: 3, attributes: 0o100644 << 16},
			zipEntry{name: "high bits of another system", text: a, attributes: folder},
			zipEntry{name: ".DS_Store", text: a}, zipEntry{name: ".DS_Store", text: a}),
			[]found{{"../../etc/passwd", string(a), ""}, {"./b.csv", string(a), ""}, {"a__MACOSX", string(a), ""},
				{"high bits of another system", string(a), ""}, {"logs/a.csv", string(a), ""}, {"unix file", string(a), ""}, {"z/", string(a), ""}}},
		{"names", zipFile(t, false, "", zipEntry{name: "\x95\x5c.csv", text: a}, zipEntry{name: `\x95\.csv`, text: a},
			zipEntry{name: "取引.csv", text: a}, zipEntry{name: "a\n\x1b[31m\u202e\".csv", text: a}, zipEntry{name: `a\`, text: a}, zipEntry{name: `a"b`, text: a}),
			[]found{{`\\x95\\.csv`, string(a), ""}, {`a\n\x1b[31m\u202e".csv`, string(a), ""}, {`a"b`, string(a), ""},
				{`a\\`, string(a), ""}, {`\x95\\.csv`, string(a), ""}, {"取引.csv", string(a), ""}}},
	} {
		got, err := readZip(t, c.file)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(found{})); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, diff)
		}
	}
}

// A member that cannot be read keeps no other from being read.
func TestMemberErrors(t *testing.T) {
	text := logLines(1000)
	ok := zipEntry{name: "ok.csv", text: text, deflate: true}
	packed := stdDeflate(t, text)
	damaged := func(what string, more int) string {
		return fmt.Sprintf("zip data is damaged after %d unpacked bytes: %s", len(text)+more, what)
	}
	for _, c := range []struct {
		name    string
		entries []zipEntry
		errs    map[string]string
	}{
		{"encrypted", []zipEntry{{name: "x", text: text, flags: 1}, {name: "y", text: text, flags: 1 << 6}, ok},
			map[string]string{"x": "x is encrypted: unpack it with its password first", "y": "y is encrypted: unpack it with its password first"}},
		{"methods", []zipEntry{{name: "x", text: text, method: 9}, ok, {name: "y", text: text, method: 77}},
			map[string]string{"x": "x is packed with Deflate64, which cannot be read: unpack it first",
				"y": "y is packed with method 77, which cannot be read: unpack it first"}},
		{"the same name", []zipEntry{{name: "x", text: text}, ok, {name: "x", text: text[1:]}, {name: "x", text: text[2:]}},
			map[string]string{"x": "x has the name of another member"}},
		{"the same bytes", []zipEntry{ok, {name: "x", text: text, at: 1, unpacked: len(text), stored: packed, method: 8}, {name: "y", text: text}},
			map[string]string{"x": "x shares bytes with another member", "ok.csv": "ok.csv shares bytes with another member"}},
		{"reaching over another", []zipEntry{{name: "x", text: text, stored: packed, method: 8, size: len(packed) + 60}, {name: "y", text: text}, ok},
			map[string]string{"x": "x shares bytes with another member", "y": "y shares bytes with another member"}},
		{"sizes that differ", []zipEntry{ok, {name: "x", text: text, unpacked: len(text) + 1}},
			map[string]string{"x": "x is damaged: it is stored as it is, but its two sizes differ"}},
		{"not there", []zipEntry{ok, {name: "x", text: text, at: 10}, {name: "y", text: text, at: 1 << 30}},
			map[string]string{"x": "x " + misplaced, "y": "y " + misplaced}},
		{"beyond the directory", []zipEntry{ok, {name: "x", text: text, size: len(text) + 1, unpacked: len(text) + 1}, {name: "y", size: 1<<32 - 1, unpacked: 1<<32 - 1}},
			map[string]string{"x": damaged("its checksum is wrong", 1), "y": "y " + misplaced}},
		{"far away", []zipEntry{ok, {name: "x", text: text, large: true, at: 1 << 62}, {name: "y", text: text, large: true, size: -1 << 63, unpacked: -1 << 63}},
			map[string]string{"x": "x " + misplaced, "y": "y " + misplaced}},
		{"a long name", []zipEntry{ok, {name: strings.Repeat("x", maxName+1), text: text}},
			map[string]string{strings.Repeat("x", maxName): strings.Repeat("x", maxName) + " has a name of more than 1024 bytes: pack it again with a shorter one"}},
		{"a wrong sum", []zipEntry{ok, {name: "x", text: text, sum: 7}},
			map[string]string{"x": damaged("its checksum is wrong", 0)}},
		{"another size", []zipEntry{ok, {name: "x", text: text, deflate: true, unpacked: 5}},
			map[string]string{"x": damaged("it is not as long as the archive says", 0)}},
		{"bytes behind the end", []zipEntry{ok, {name: "x", text: text, stored: append(bytes.Clone(packed), 0), method: 8}},
			map[string]string{"x": damaged("its compressed data ends before its stored bytes do", 0)}},
		{"cut off", []zipEntry{ok, {name: "x", text: text, stored: packed[:len(packed)-3], method: 8}},
			map[string]string{"x": damaged("unexpected EOF", 0)}},
	} {
		got, err := readZip(t, zipFile(t, false, "", c.entries...))
		if err != nil || len(got) != len(c.entries) {
			t.Errorf("%s: %d members, %v", c.name, len(got), err)
		}
		for _, m := range got {
			if m.err != c.errs[m.name] || m.err == "" && m.text != string(text) {
				t.Errorf("%s: %s: %d bytes, error %q, want %q", c.name, m.name, len(m.text), m.err, c.errs[m.name])
			}
		}
	}
}

func stdDeflate(tb testing.TB, text []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, _ := stdflate.NewWriter(&b, 6)
	write(tb, w, text)
	return b.Bytes()
}

func TestMembersRefused(t *testing.T) {
	good := zipFile(t, false, "", zipEntry{name: "a.csv", text: []byte("a,1\n")}, zipEntry{name: "b.csv", text: []byte("b,1\n")})
	large := zipFile(t, true, "", zipEntry{name: "a.csv", text: []byte("a,1\n")})
	dir := bytes.Index(good, []byte("PK\x01\x02"))
	change := func(file []byte, at int, to ...byte) []byte {
		wrong := bytes.Clone(file)
		copy(wrong[at:], to)
		return wrong
	}
	end := len(good) - endSize
	for name, file := range map[string][]byte{
		"nothing":                     nil,
		"text":                        []byte(strings.Repeat("a,b,c\n", 100)),
		"cut off":                     good[:len(good)-1],
		"no directory":                good[:dir],
		"only an end":                 good[end:],
		"a missing byte":              good[1:],
		"a byte too many in front":    append([]byte("x"), good...),
		"two archives in a row":       append(bytes.Clone(good), good...),
		"fewer entries than are said": change(good, end+10, 3),
		"more entries than are said":  change(good, end+10, 1),
		"a wrong entry":               change(good, dir, 'X'),
		"a long name":                 change(good, dir+28, 0xff),
		"a long extra field":          change(good, dir+30, 0xff, 0xff),
		"a long comment of an entry":  change(good, dir+32, 0xff, 0xff),
		"a directory elsewhere":       change(good, end+16, 0),
		"a large directory":           change(good, end+12, 0, 0, 0, 1),
		"no large end":                change(large, bytes.Index(large, []byte("PK\x06\x06")), 'X'),
		"a large end elsewhere":       change(large, bytes.Index(large, []byte("PK\x06\x07"))+8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
	} {
		members, err := Members(bytes.NewReader(file), int64(len(file)))
		var damage *DamageError
		if !errors.As(err, &damage) || damage.Kind != Zip || members != nil {
			t.Errorf("%s: %d members, %v", name, len(members), err)
		}
	}
	var unsupported *UnsupportedError
	if _, err := Members(bytes.NewReader(change(good, end+4, 1)), int64(len(good))); !errors.As(err, &unsupported) {
		t.Errorf("a part: %v", err)
	}
	if _, err := Members(bytes.NewReader(good), -1); err == nil {
		t.Error("a file of less than nothing was read")
	}
	if _, err := Members(bytes.NewReader(good), int64(len(good))+5); err == nil {
		t.Error("a file that is shorter than it was said to be was read")
	}
	broken := errors.New("the disk is gone")
	if _, err := Members(badDisk{broken}, 1000); err != broken {
		t.Errorf("a broken disk: %v", err)
	}
}

type badDisk struct{ err error }

func (d badDisk) ReadAt([]byte, int64) (int, error) { return 0, d.err }

func TestTooManyMembers(t *testing.T) {
	entries := make([]zipEntry, maxMembers+1)
	for i := range entries {
		entries[i] = zipEntry{name: fmt.Sprint(i), text: []byte("a")}
	}
	file := zipFile(t, false, "", entries[:maxMembers]...)
	members, err := Members(bytes.NewReader(file), int64(len(file)))
	if len(members) != maxMembers || err != nil || !slices.IsSortedFunc(members, func(a, b Member) int { return strings.Compare(a.RawName, b.RawName) }) {
		t.Errorf("%d members, %v", len(members), err)
	}
	for _, large := range []bool{false, true} {
		file = zipFile(t, large, "", entries...)
		_, err := Members(bytes.NewReader(file), int64(len(file)))
		var limit *LimitError
		if !errors.As(err, &limit) || *limit != (LimitError{Cap: MemberCap, Limit: maxMembers}) {
			t.Errorf("%d members: %v", len(entries), err)
		}
	}
}

// A member is read as any other source: unpacked further, within limits,
// ending with the context and with Close.
func TestOpenMember(t *testing.T) {
	defer noLeaks(t)
	lines := logLines(100_000)
	for inner, pack := range packers {
		file := zipFile(t, false, "", zipEntry{name: "x", text: pack(t, lines), deflate: true}, zipEntry{name: "y", text: pack(t, pack(t, lines))})
		f := bytes.NewReader(file)
		members, err := Members(f, f.Size())
		if err != nil {
			t.Fatal(err)
		}
		for i, kind := range []string{"zip+" + inner, "zip+" + inner + "+" + inner} {
			d, err := OpenMember(context.Background(), f, members[i], Limits{})
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(d)
			if err != nil || d.Kind() != kind || !bytes.Equal(data, lines) || d.Stored() != members[i].Stored {
				t.Errorf("%s: kind %q, %d bytes, %v", kind, d.Kind(), len(data), err)
			}
			d.Close()
		}
		d, err := OpenMember(context.Background(), f, members[0], Limits{MaxUnpacked: 1000})
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(d)
		var limit *LimitError
		if !errors.As(err, &limit) || limit.Cap != SizeCap || len(data) != 1000 {
			t.Errorf("%s within 1000 bytes: %d, %v", inner, len(data), err)
		}
		d.Close()
		if _, err := d.Read(data); err != os.ErrClosed {
			t.Errorf("after Close: %v", err)
		}
	}
	four := zipFile(t, false, "", zipEntry{name: "x", text: packGzip(t, 6, packGzip(t, 6, packGzip(t, 6, lines)))})
	got, err := readZip(t, four)
	if err != nil || got[0].err != "zip+gzip+gzip+gzip files cannot be read: unpack it first" {
		t.Errorf("four layers: %+v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	members, _ := Members(bytes.NewReader(four), int64(len(four)))
	if _, err := OpenMember(ctx, bytes.NewReader(four), members[0], Limits{}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

// A zip from a pipe is not text, and not read.
func TestZipFromPipe(t *testing.T) {
	for _, file := range [][]byte{packZip(t), packZip(t, "a.csv", "a,b\n")} {
		_, err := Open(context.Background(), iotest.OneByteReader(bytes.NewReader(file)), Limits{})
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || unsupported.Format != Zip {
			t.Errorf("%v", err)
		}
	}
}
