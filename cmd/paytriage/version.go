package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/report"
)

// versionOptions are the flags of version.
type versionOptions struct{ json, sbom bool }

func newVersionCommand(std streams) *cobra.Command {
	var o versionOptions
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, the build and what is built in",
		Long: `Prints the version. --json adds how the program was built (the revision of the
source, the version of Go, flags) and every module that is built in; the manifest of
a case says the same build. --sbom prints the list of what is built in as CycloneDX.

Whoever builds the same revision with the same version of Go and -trimpath gets the
same bytes.`,
		Example: `  paytriage version --json
  paytriage version --sbom > paytriage.cdx.json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return runVersion(std, &o) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print it as JSON, with the build and the modules that were built in")
	cmd.Flags().BoolVar(&o.sbom, "sbom", false, "print the bill of materials, as CycloneDX in JSON")
	return cmd
}

func runVersion(std streams, o *versionOptions) error {
	info, ok := debug.ReadBuildInfo()
	switch {
	case o.json && o.sbom:
		return &usageError{"--json and --sbom exclude each other", "both print JSON; ask for one at a time"}
	case o.sbom && !ok:
		return fmt.Errorf("the program does not know what was built in")
	case o.sbom:
		return report.WriteJSON(std.out, billOf(info))
	case !o.json:
		_, err := fmt.Fprintf(std.out, "paytriage %s %s/%s %s\n", report.ToolVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version())
		return err
	}
	modules := map[string]string{}
	if ok {
		for _, m := range builtIn(info) {
			modules[m.Path] = m.Version
		}
	}
	b := report.ThisBuild()
	return report.WriteJSON(std.out, map[string]any{"version": b.Version, "go": b.Go, "os": b.OS, "arch": b.Arch,
		"build": b, "modules": modules, "summary_schema": report.SummaryVersion})
}

// builtIn returns the modules that were built in, those in the place of others
// as themselves, by path.
func builtIn(info *debug.BuildInfo) []*debug.Module {
	var all []*debug.Module
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *debug.Module) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// A bill is a bill of materials: CycloneDX 1.6. It names no time and no number of
// its own, so that the same program prints the same bytes.
type bill struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     billMetadata `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type billMetadata struct {
	Component  component  `json:"component"`
	Properties []property `json:"properties,omitempty"`
}

type component struct {
	Type     string    `json:"type"`
	Ref      string    `json:"bom-ref"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Hashes   []sum     `json:"hashes,omitempty"`
	Licenses []license `json:"licenses,omitempty"`
	PURL     string    `json:"purl"`
}

type sum struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type license struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref  string   `json:"ref"`
	Uses []string `json:"dependsOn,omitempty"`
}

// billOf lists what a program is made of: the modules that the linker was given,
// and the standard library. Who needs which of them, the program does not know.
func billOf(info *debug.BuildInfo) *bill {
	b := &bill{Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", SpecVersion: "1.6", Version: 1}
	main := componentOf(&debug.Module{Path: info.Main.Path, Version: report.ToolVersion()}, "application")
	main.Licenses = make([]license, 1)
	main.Licenses[0].License.ID = "Apache-2.0"
	b.Metadata.Component = main
	for _, s := range info.Settings {
		if s.Value != "" {
			b.Metadata.Properties = append(b.Metadata.Properties, property{"go:build:" + s.Key, s.Value})
		}
	}
	uses := dependency{Ref: main.Ref}
	add := func(c component) {
		b.Components = append(b.Components, c)
		b.Dependencies = append(b.Dependencies, dependency{Ref: c.Ref})
		uses.Uses = append(uses.Uses, c.Ref)
	}
	for _, m := range builtIn(info) {
		add(componentOf(m, "library"))
	}
	add(componentOf(&debug.Module{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")}, "library"))
	b.Dependencies = append(b.Dependencies, uses)
	return b
}

func componentOf(m *debug.Module, kind string) component {
	// Package URLs of Go are in lower case, and escape the + of versions.
	purl := "pkg:golang/" + strings.ToLower(m.Path) + "@" + strings.ReplaceAll(url.PathEscape(m.Version), "+", "%2B")
	c := component{Type: kind, Ref: purl, Name: m.Path, Version: m.Version, PURL: purl}
	if kind == "application" {
		c.Name = path.Base(m.Path)
	}
	// The sum of a module is the SHA-256 of the list of its files and their hashes.
	if text, ok := strings.CutPrefix(m.Sum, "h1:"); ok {
		if hash, err := base64.StdEncoding.DecodeString(text); err == nil {
			c.Hashes = []sum{{"SHA-256", hex.EncodeToString(hash)}}
		}
	}
	return c
}
