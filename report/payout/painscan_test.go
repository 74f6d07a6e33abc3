package payout

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readXML reads a file by encoding/xml, the slow way that knows all of XML.
func readXML(f *painFormat, file []byte) (*File, error) {
	out := &File{}
	each := func(p *Payment) error {
		out.Payments = append(out.Payments, *p)
		return out.Totals.add(p)
	}
	in := &painReader{format: f, head: out, each: each, way: []*element{f.root}}
	for dec := xml.NewDecoder(bytes.NewReader(file)); ; {
		token, err := dec.RawToken()
		if err == io.EOF && len(in.tags) == 0 {
			return out, in.end()
		}
		if err != nil {
			return nil, err
		}
		at := in.way[len(in.way)-1]
		switch t := token.(type) {
		case xml.StartElement:
			var attribute, value string
			if len(t.Attr) > 0 {
				attribute, value = t.Attr[0].Name.Local, t.Attr[0].Value
			}
			next := at.within[t.Name.Local]
			if next == nil || len(t.Attr) > 1 || t.Name.Space != "" {
				return nil, fmt.Errorf("<%s>", t.Name.Local)
			}
			err = in.start(next, []byte(attribute), []byte(value))
		case xml.EndElement:
			if n := len(in.tags); n == 0 || in.tags[n-1] != t.Name.Local {
				return nil, fmt.Errorf("</%s>", t.Name.Local)
			}
			err = in.close()
		case xml.CharData:
			if at.to != nil {
				in.text = append(in.text, t...)
			} else if strings.TrimSpace(string(t)) != "" {
				return nil, fmt.Errorf("text %q", t)
			}
		case xml.ProcInst:
		default:
			return nil, errors.New("something else")
		}
		if err != nil {
			return nil, err
		}
	}
}

// checkPainScan checks that what is read of a file is what encoding/xml reads. It
// may be less, never something else. It reports whether the file was read.
func checkPainScan(t *testing.T, version string, file []byte) bool {
	t.Helper()
	got, err := Read(bytes.NewReader(file), version)
	if err != nil {
		return false
	}
	f := painFormat{namespace: "urn:iso:std:iso:20022:tech:xsd:" + version, bicTag: "BICFI", dayTags: []string{"ReqdExctnDt", "Dt"}}
	if version == "pain.001.001.03" {
		f.bicTag, f.dayTags = "BIC", f.dayTags[:1]
	}
	f.root = f.elements()
	want, err := readXML(&f, file)
	if err != nil {
		t.Fatalf("%s: read, but encoding/xml says %v:\n%q", version, err, file)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-encoding/xml +read):\n%s\n%q", version, d, file)
	}
	return true
}

var painVersions = []string{"pain.001.001.09", "pain.001.001.03"}

// TestPainScan changes files at random places and compares with encoding/xml.
func TestPainScan(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	bits := []string{"<", ">", "/", "&", ";", "&amp;", "&#34;", "&#38;", "\n", " ", "\"", "'", "=", "1", "\x00", "\xc3", "]]>", "<!--", "<Nm>", "</Nm>", "<?x?>", "\r\n", "é"}
	read := 0
	for _, version := range painVersions {
		file := mustWrite(t, version, painBatch())
		if !checkPainScan(t, version, file) {
			t.Fatalf("%s: what was written is not read", version)
		}
		for range 3000 {
			at := rng.IntN(len(file))
			to := min(len(file), at+rng.IntN(3))
			changed := slices.Concat(file[:at], []byte(bits[rng.IntN(len(bits))]), file[to:])
			if checkPainScan(t, version, changed) {
				read++
			}
		}
	}
	if read < 20 {
		t.Errorf("only %d changed files were read: nothing was compared", read)
	}
}
