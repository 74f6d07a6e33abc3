package csvfile_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

var wordsSchema = table.Schema{Name: "words", Columns: []table.Column{
	{Name: "n", Kind: table.Int}, {Name: "word", Kind: table.Text, Nullable: true}}}

func wordsTable(words ...string) *table.Table {
	t := table.New(wordsSchema, len(words))
	row := t.Appender()
	for i, w := range words {
		row.Int(int64(i))
		row.Text(w)
		row.End()
	}
	return t
}

func TestWriteAs(t *testing.T) {
	tests := []struct {
		name string
		form csvfile.Form
		word string
		want string
	}{
		{"plain", csvfile.Form{}, "山", "n,word\n0,山\n"},
		{"marked", csvfile.Form{Mark: true}, "山", "\ufeffn,word\n0,山\n"},
		{"cp932", csvfile.Form{Encoding: csvfile.CP932}, "山表ｱ①髙", "n,word\n0,\x8eR\x95\\\xb1\x87@\xee\xe0\n"},
		{"a formula in cp932", csvfile.Form{Encoding: csvfile.CP932}, "＝1", "n,word\n0,'\x81\x811\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := wordsTable(tt.word)
			var b bytes.Buffer
			if err := csvfile.WriteAs(&b, in.Stream(), tt.form); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want {
				t.Errorf("wrote %q, want %q", b.String(), tt.want)
			}
			back, err := csvfile.ReadAs(&b, wordsSchema, tt.form)
			if err != nil {
				t.Fatal(err)
			}
			if back.CanonicalHash() != in.CanonicalHash() {
				t.Errorf("read back %q", back.Cells(1).Texts())
			}
		})
	}
}

// A table in pieces is written and read as it is whole, whatever the pieces.
func TestPieces(t *testing.T) {
	words := make([]string, 1000)
	for i := range words {
		words[i] = strings.Repeat("山", i%7) + "=\n"
	}
	whole := wordsTable(words...)
	for _, form := range []csvfile.Form{{}, {Mark: true}, {Encoding: csvfile.CP932}} {
		var want bytes.Buffer
		if err := csvfile.WriteAs(&want, whole.Stream(), form); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 7, 999, 1000, 1001} {
			stream := table.Stream{Schema: wordsSchema, Rows: len(words), Pieces: func(yield func(*table.Table, error) bool) {
				for from := 0; from < len(words); from += n {
					piece := table.New(wordsSchema, 0)
					for i := from; i < min(from+n, len(words)); i++ {
						piece.Cells(0).AppendInt(int64(i))
						piece.Cells(1).AppendText(words[i])
					}
					if !yield(piece, nil) {
						return
					}
				}
			}}
			var got bytes.Buffer
			if err := csvfile.WriteAs(&got, stream, form); err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("%v in pieces of %d: written differently (%v)", form, n, err)
			}
			back, pieces := table.New(wordsSchema, 0), 0
			err := csvfile.ReadEach(csvfile.Decoded(&got, form), wordsSchema, n, func(p *table.Table) error {
				if pieces++; p.Rows() > n {
					t.Errorf("a piece of %d rows", p.Rows())
				}
				for row := range p.Rows() {
					back.Cells(0).AppendInt(p.Cells(0).Int(row))
					back.Cells(1).AppendText(p.Cells(1).Text(row))
				}
				return nil
			})
			if err != nil || back.CanonicalHash() != whole.CanonicalHash() || pieces != len(words)/n+1 {
				t.Errorf("%v in %d pieces of %d: read differently (%v)", form, pieces, n, err)
			}
			stream.Rows++
			if err := csvfile.WriteAs(&got, stream, form); err == nil {
				t.Error("a row too few is no error")
			}
		}
	}
	stop := errors.New("enough")
	if err := csvfile.ReadEach(strings.NewReader("n,word\n1,a\n"), wordsSchema, 1, func(*table.Table) error { return stop }); err != stop {
		t.Errorf("error %v", err)
	}
}

// What CP932 cannot give back as it was never becomes another character.
func TestCP932Refuses(t *testing.T) {
	for _, bad := range []string{"😀", "é", "\u00a5", "\u203e", "\u2212", "\xff", "a\x80", "\ufffd", "한"} {
		var b bytes.Buffer
		err := csvfile.WriteAs(&b, wordsTable("fine", "山", bad).Stream(), csvfile.Form{Encoding: csvfile.CP932})
		var cell *csvfile.EncodingError
		if !errors.As(err, &cell) || cell.Row != 3 || cell.Column != "word" {
			t.Errorf("%q: error %v, %d bytes written", bad, err, b.Len())
		}
	}
}

func checkCP932(t *testing.T, a, b string) {
	t.Helper()
	in, form := wordsTable(a, b), csvfile.Form{Encoding: csvfile.CP932}
	var out bytes.Buffer
	err := csvfile.WriteAs(&out, in.Stream(), form)
	var cell *csvfile.EncodingError
	if errors.As(err, &cell) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "?") > strings.Count(a+b, "?") {
		t.Error("a question mark for another character")
	}
	back, err := csvfile.ReadAs(&out, wordsSchema, form)
	if err != nil {
		t.Fatal(err)
	}
	for row, want := range []string{a, b} {
		if got := back.Cells(1).Text(row); got != want {
			t.Errorf("row %d: %q came back as %q", row, want, got)
		}
	}
}
