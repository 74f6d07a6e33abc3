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
			if err := csvfile.WriteAs(&b, in, tt.form); err != nil {
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

// What CP932 cannot give back as it was never becomes another character.
func TestCP932Refuses(t *testing.T) {
	for _, bad := range []string{"😀", "é", "\u00a5", "\u203e", "\u2212", "\xff", "a\x80", "\ufffd", "한"} {
		var b bytes.Buffer
		err := csvfile.WriteAs(&b, wordsTable("fine", "山", bad), csvfile.Form{Encoding: csvfile.CP932})
		var cell *csvfile.EncodingError
		if !errors.As(err, &cell) || cell.Row != 3 || cell.Column != "word" || b.Len() != 0 {
			t.Errorf("%q: error %v, %d bytes written", bad, err, b.Len())
		}
	}
}

func FuzzCP932(f *testing.F) {
	f.Add("山①\\~\x00", "=1")
	f.Add("\u00a5\u2212", "\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		in, form := wordsTable(a, b), csvfile.Form{Encoding: csvfile.CP932}
		var out bytes.Buffer
		err := csvfile.WriteAs(&out, in, form)
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
	})
}
