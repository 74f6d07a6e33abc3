package csvfile

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readRecords returns all cells, copied.
func readRecords(r io.Reader) (rows [][]string, lines []int, err error) {
	rec := NewRecords(r)
	for {
		cells, err := rec.Next()
		if err == io.EOF {
			return rows, lines, nil
		}
		if err != nil {
			return rows, lines, err
		}
		row := []string{}
		for _, c := range cells {
			row = append(row, string(c))
		}
		rows, lines = append(rows, row), append(lines, rec.Line())
	}
}

func TestRecordsReadBackWhatAppendTextWrote(t *testing.T) {
	texts := []string{"", "a", "=1+1", "'=1+1", "-12.50", "+81 3", "it's", `say "so"`, `""`, "a,b", "two\r\nlines", "＝x", "\x00\xff", "@", "'"}
	var file []byte
	for _, a := range texts {
		for _, b := range texts {
			file = append(AppendText(file, a), ',')
			file = append(AppendText(file, b), '\n')
		}
	}
	rows, _, err := readRecords(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	for _, a := range texts {
		for _, b := range texts {
			want = append(want, []string{a, b})
		}
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
}

func TestRecordsNameTheirLines(t *testing.T) {
	_, lines, err := readRecords(strings.NewReader("a,b\r\n\"x\ny\",1\n\"z\",2\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{1, 2, 4}, lines); d != "" {
		t.Error(d)
	}
}

func TestRecordsAreBounded(t *testing.T) {
	long := strings.Repeat("x", maxRecord/2)
	if _, _, err := readRecords(strings.NewReader(long + "\n")); err != nil {
		t.Errorf("a long line: %v", err)
	}
	endless := io.MultiReader(strings.NewReader(`"`), endlessReader{})
	if _, _, err := readRecords(endless); err != errRecord {
		t.Errorf("a quote never closed: %v, want %v", err, errRecord)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
