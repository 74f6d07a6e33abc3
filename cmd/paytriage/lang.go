package main

import (
	"strings"

	"github.com/paytriage/paytriage/report/words"
)

// langList lists the values of --lang.
func langList() []string {
	var names []string
	for _, l := range words.Langs {
		names = append(names, string(l))
	}
	return names
}

func langNames() string { return strings.Join(langList(), ", ") }

// parseLang returns the language of a --lang flag. The locale of the machine does
// not decide: it is that of whoever set the machine up, and a summary that goes
// into a ticket is for others.
func parseLang(name, command string) (words.Lang, error) {
	l, err := words.Parse(name)
	if err != nil {
		return "", &usageError{"--lang " + err.Error(), "see 'paytriage " + command + " --help'"}
	}
	return l, nil
}
