package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/paytriage/paytriage/samples/gen"
)

// timedWorld is the preset that BenchmarkAnalyze simulates.
var timedWorld = flag.String("world", "list-type", "preset of the incident that BenchmarkAnalyze reads")

// BenchmarkAnalyze runs the main job on a simulated incident, of 20,000 accounts
// and 30 days, 445,000 rows, where -world names no other, as the command does:
// reading, judging, writing. The control only copies the two files through memory.
func BenchmarkAnalyze(b *testing.B) {
	dir := b.TempDir()
	size := simulateInto(b, dir, *timedWorld)
	std := streams{in: bytes.NewReader(nil), out: io.Discard, err: io.Discard}
	args := []string{"analyze", "--auth", filepath.Join(dir, "auth.csv"), "--payments", filepath.Join(dir, "payments.csv"),
		"--out", filepath.Join(dir, "case"), "--force", "--quiet"}
	b.Run("analyze", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			if code := execute(context.Background(), std, args); code != 0 {
				b.Fatalf("exit code %d", code)
			}
		}
		victims, err := os.ReadFile(filepath.Join(dir, "case", "victims.csv"))
		if n := bytes.Count(victims, []byte("\n")) - 1; err != nil || n < 50 || n > 70 && *timedWorld == "list-type" {
			b.Fatalf("%d victims, %v", n, err)
		}
	})
	b.Run("control", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			var n int64
			for _, name := range []string{"auth.csv", "payments.csv"} {
				f, err := os.Open(filepath.Join(dir, name))
				if err != nil {
					b.Fatal(err)
				}
				m, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20))
				f.Close()
				if err != nil {
					b.Fatal(err)
				}
				n += m
			}
			if n != size {
				b.Fatalf("%d bytes, want %d", n, size)
			}
		}
	})
}

// simulateInto writes the exports of a preset to a folder and returns their
// size.
func simulateInto(tb testing.TB, dir, preset string) int64 {
	tb.Helper()
	world, err := gen.Preset(preset)
	if err != nil {
		tb.Fatal(err)
	}
	var files []*os.File
	for _, name := range []string{"auth.csv", "payments.csv"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			tb.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	sum, err := gen.Simulate(context.Background(), world, gen.Outputs{Auth: files[0], Payments: files[1]}, gen.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return sum.AuthBytes + sum.PaymentBytes
}
