package samples

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/paytriage/paytriage/samples/gen"
)

func TestSmallIsWhatTheSimulatorWrites(t *testing.T) {
	world, err := gen.Preset("small")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*bytes.Buffer{}
	file := func(name string) io.Writer {
		files[name] = &bytes.Buffer{}
		return files[name]
	}
	out := gen.Outputs{Auth: file("auth.csv"), Payments: file("payments.csv"), Accounts: file("truth_accounts.csv"),
		Entries: file("truth_entries.csv"), Charges: file("truth_charges.csv"), Money: file("truth_money.csv")}
	if _, err := gen.Simulate(context.Background(), world, out, gen.Options{}); err != nil {
		t.Fatal(err)
	}
	shipped, err := Small.ReadDir("small")
	if err != nil {
		t.Fatal(err)
	}
	if len(shipped) != len(files) {
		t.Errorf("%d files are shipped, %d are written", len(shipped), len(files))
	}
	for name, want := range files {
		got, err := Small.ReadFile("small/" + name)
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is not what the simulator writes; run: go run ./cmd/paytriage simulate --preset small --out samples/small --force", name)
		}
	}
}
