// Package samples holds incidents that are small enough to read through, so
// that a reader, a test and the README can all speak of the same one.
//
// small/ is a service of twelve accounts over two days: a server tries a list
// of ids and passwords, gets into three accounts, and a phone in town empties
// them within three hours, while a family shares a phone, somebody gets a new
// handset, and somebody buys a lot of what thieves like too. Beside the two
// exports lies the truth. The files are what "paytriage simulate --preset
// small" writes, and a test holds them to that.
package samples

import "embed"

// Small is the folder small/: auth.csv, payments.csv, and truth_*.csv.
//
//go:embed small/*.csv
var Small embed.FS
