package main

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	gigabyte = 1_000_000_000
	million  = 1_000_000
)

const (
	authHeader   = "event_time,account_id,event,outcome,reason,ip,device_id,user_agent\n"
	paymentsFile = "event_time,txn_id,account_id,kind,amount,currency\n2019-07-01T10:00:00Z,t1,a1,payment,500,JPY\n"
	goodLine     = "2019-07-01T09:00:00Z,a1,login,success,,192.0.2.1,d1,app\n"
)

// A trial is an input that is too much of something.
type trial struct {
	name, what string
	suffix     string
	exit       int   // that is right
	rows       int64 // that must be accounted for; 0: any
	write      func(w *bufio.Writer, scale int64) error
	pack       []string // the tool that packs it
	flags      []string
}

// fill writes n times the same byte.
func fill(w io.Writer, b byte, n int64) error {
	block := []byte(strings.Repeat(string(rune(b)), 1<<20))
	for n > 0 {
		part := block[:min(n, int64(len(block)))]
		if _, err := w.Write(part); err != nil {
			return err
		}
		n -= int64(len(part))
	}
	return nil
}

// behind writes a text, then n times the same byte, then the end of the line.
func behind(head string, b byte, n int64) func(*bufio.Writer, int64) error {
	return func(w *bufio.Writer, scale int64) error {
		w.WriteString(head)
		if err := fill(w, b, n/scale); err != nil {
			return err
		}
		return w.WriteByte('\n')
	}
}

// lines writes a head and then n lines.
func lines(head string, n int64, line func(dst []byte, i int64) []byte) func(*bufio.Writer, int64) error {
	return func(w *bufio.Writer, scale int64) error {
		w.WriteString(head)
		var buf []byte
		for i := range n / scale {
			buf = line(buf[:0], i)
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
		return nil
	}
}

// stamp appends an instant some milliseconds after the first.
func stamp(dst []byte, i int64) []byte {
	return time.UnixMilli(1_561_939_200_000+i*100).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

// zipped writes what write does as the only member of a zip file.
func zipped(write func(*bufio.Writer, int64) error) func(*bufio.Writer, int64) error {
	return func(w *bufio.Writer, scale int64) error {
		z := zip.NewWriter(w)
		member, err := z.Create("auth.csv")
		if err != nil {
			return err
		}
		b := bufio.NewWriter(member)
		if err := write(b, scale); err != nil {
			return err
		}
		if err := b.Flush(); err != nil {
			return err
		}
		return z.Close()
	}
}

// gzipped writes what write does through gzip, as often as times says.
func gzipped(times int, write func(*bufio.Writer, int64) error) func(*bufio.Writer, int64) error {
	return func(w *bufio.Writer, scale int64) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		b := bufio.NewWriter(z)
		next := write
		if times > 1 {
			next = gzipped(times-1, write)
		}
		if err := next(b, scale); err != nil {
			return err
		}
		if err := b.Flush(); err != nil {
			return err
		}
		return z.Close()
	}
}

func trials() []trial {
	bomb := behind(authHeader+goodLine, 'x', 10*gigabyte)
	small := behind(authHeader+goodLine, 'x', gigabyte)
	return []trial{
		{name: "line", what: "one line without an end", suffix: ".csv", exit: 3, rows: 0, write: bomb},
		{name: "quote", what: "a quote that is never closed", suffix: ".csv", exit: 3,
			write: behind(authHeader+goodLine+"2019-07-01T09:00:00Z,a1,login,success,\"", '\n', 10*gigabyte)},
		{name: "string", what: "a JSON string without an end", suffix: ".jsonl", exit: 3,
			write: behind(`{"event_time":"2019-07-01T09:00:00Z","account_id":"a1","event":"login","outcome":"success"}`+"\n"+`{"event_time":"`, 'x', 10*gigabyte)},
		{name: "brackets", what: "JSON brackets without an end", suffix: ".jsonl", exit: 3,
			write: behind(`{"event_time":"2019-07-01T09:00:00Z","account_id":"a1","event":"login","outcome":"success"}`+"\n"+`{"event_time":`, '[', gigabyte)},
		{name: "gzip", what: "10 GB in gzip, 1,000:1", suffix: ".csv.gz", exit: 3, write: gzipped(1, bomb)},
		{name: "gzip2", what: "10 GB in gzip in gzip", suffix: ".csv.gz", exit: 3, write: gzipped(2, bomb)},
		{name: "gzip-all", what: "10 GB in gzip, all of it wanted (--max-unpacked 20GiB)", suffix: ".csv.gz", exit: 3, write: gzipped(1, bomb), flags: []string{"--max-unpacked", "20GiB"}},
		{name: "zip", what: "10 GB in zip", suffix: ".zip", exit: 3, write: zipped(bomb)},
		{name: "zstd", what: "10 GB in zstd", suffix: ".csv.zst", exit: 3, write: bomb, pack: []string{"zstd", "-q", "-c"}},
		{name: "xz", what: "1 GB in xz", suffix: ".csv.xz", exit: 3, write: small, pack: []string{"xz", "-1", "-c"}},
		{name: "bzip2", what: "1 GB in bzip2", suffix: ".csv.bz2", exit: 3, write: small, pack: []string{"bzip2", "-c"}},
		{name: "header", what: "10 million columns in the header", suffix: ".csv", exit: 1,
			write: func(w *bufio.Writer, scale int64) error {
				w.WriteString(strings.TrimSuffix(authHeader, "\n"))
				for i := range 10 * million / scale {
					fmt.Fprintf(w, ",c%d", i)
				}
				return w.WriteByte('\n')
			}},
		{name: "commas", what: "a million rows of a thousand fields too many", suffix: ".csv", exit: 3, rows: million,
			write: lines(authHeader, million, func(dst []byte, i int64) []byte {
				return append(append(stamp(dst, i), ",a1,login,success,,,,"...), overlong...)
			})},
		{name: "keys", what: "JSON Lines, 10 million keys, each once", suffix: ".jsonl", rows: million,
			write: lines("", million, func(dst []byte, i int64) []byte {
				dst = stamp(append(dst, `{"event_time":"`...), i)
				dst = fmt.Appendf(dst, `","account_id":"a%d","event":"login","outcome":"success"`, i%1000)
				for k := range int64(10) {
					dst = fmt.Appendf(dst, `,"k%d":1`, 10*i+k)
				}
				return append(dst, "}\n"...)
			})},
		{name: "pairs", what: "key=value, 10 million keys, each once", suffix: ".log", rows: million,
			write: lines("", million, func(dst []byte, i int64) []byte {
				dst = stamp(append(dst, `event_time=`...), i)
				dst = fmt.Appendf(dst, ` account_id=a%d event=login outcome=success`, i%1000)
				for k := range int64(10) {
					dst = fmt.Appendf(dst, ` k%d=1`, 10*i+k)
				}
				return append(dst, '\n')
			})},
		{name: "distinct", what: "10 million devices, agents and addresses, each once", suffix: ".csv", rows: 10 * million,
			write: lines(authHeader, 10*million, func(dst []byte, i int64) []byte {
				return fmt.Appendf(stamp(dst, i), ",a%d,login,success,,10.%d.%d.%d,device-%d,agent/%d\n", i%million, i>>16&255, i>>8&255, i&255, i, i)
			})},
		{name: "accounts", what: "10 million accounts, each once", suffix: ".csv", rows: 10 * million,
			write: lines(authHeader, 10*million, func(dst []byte, i int64) []byte {
				return fmt.Appendf(stamp(dst, i), ",a%d,login,success,,192.0.2.%d,d%d,app\n", i, i&255, i%1000)
			})},
		{name: "rejects", what: "10 million rows that cannot be read", suffix: ".csv", exit: 1,
			write: lines(authHeader, 10*million, func(dst []byte, i int64) []byte {
				return fmt.Appendf(dst, "yesterday %d,a1,login,success,,192.0.2.1,d1,app\n", i)
			})},
		{name: "account", what: "5 million rows of one account", suffix: ".csv", rows: 5 * million,
			write: lines(authHeader, 5*million, func(dst []byte, i int64) []byte {
				return fmt.Appendf(stamp(dst, i), ",a1,login,success,,192.0.2.%d,d%d,app\n", i&255, i%1000)
			})},
		{name: "visits", what: "5 million devices of one account", suffix: ".csv", rows: 5 * million,
			write: lines(authHeader, 5*million, func(dst []byte, i int64) []byte {
				return fmt.Appendf(stamp(dst, i), ",a1,login,success,,10.%d.%d.%d,device-%d,app\n", i>>16&255, i>>8&255, i&255, i)
			})},
	}
}

var overlong = strings.Repeat(",", 1000) + "\n"
