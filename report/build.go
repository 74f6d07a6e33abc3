package report

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// A Build says how the program was built, so that the same one can be built
// again.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source
	Modified bool   `json:"modified,omitempty"` // the source was changed after that
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	// Settings are the flags of the build and what of its environment matters:
	// what was in GOFLAGS is among them.
	Settings map[string]string `json:"settings,omitempty"`
}

// ThisBuild returns how this program was built.
func ThisBuild() Build {
	b := Build{Version: ToolVersion(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Settings = map[string]string{}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.Revision = s.Value
		case s.Key == "vcs.modified":
			b.Modified = s.Value == "true"
		case s.Key == "GOOS" || s.Key == "GOARCH" || s.Value == "" || strings.HasPrefix(s.Key, "vcs"):
		default:
			b.Settings[s.Key] = s.Value
		}
	}
	return b
}

// ToolVersion returns the version of the program: that of the module it was
// built from, or "devel".
func ToolVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
