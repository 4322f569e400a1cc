package objstore_test

import (
	"context"
	"iter"
	"path"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/objstore/storetest"
)

func TestCompileGlob(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"a/b.csv", []string{"a/b.csv"}, []string{"a/bxcsv", "a/b.csv2", "xa/b.csv"}},
		{"a/*.csv", []string{"a/b.csv", "a/.csv"}, []string{"a/b/c.csv", "a/b.csv.gz"}},
		{"a/?.csv", []string{"a/b.csv", "a/é.csv"}, []string{"a/bb.csv", "a//.csv", "a/.csv"}},
		{"a/[bc].csv", []string{"a/b.csv", "a/c.csv"}, []string{"a/d.csv"}},
		{"a/[!bc].csv", []string{"a/d.csv"}, []string{"a/b.csv", "a//.csv"}},
		{"a/[^b-d]x", []string{"a/ex"}, []string{"a/cx"}},
		{"part-[0-9][0-9]", []string{"part-07"}, []string{"part-7", "part-0a"}},
		{"[]]", []string{"]"}, []string{"["}},
		{"[a\\]b]", []string{"]", "b"}, []string{"\\"}},
		{"**", []string{"", "a", "a/b/c"}, nil},
		{"**/x", []string{"x", "a/x", "a/b/x"}, []string{"ax", "a/bx"}},
		{"a/**/x", []string{"a/x", "a/b/x", "a/b/c/x"}, []string{"ax", "b/x"}},
		{"a/**", []string{"a/x", "a/b/c"}, []string{"a", "b/a/x"}},
		{"a**/x", []string{"a/x", "ab/x", "ab/c/x"}, []string{"x", "ax"}},
		{"*.{csv,json}", []string{"x.csv", "x.json"}, []string{"x.txt", "x.csv,json"}},
		{"{a,b/{c,d}}/x", []string{"a/x", "b/c/x", "b/d/x"}, []string{"b/x", "c/x"}},
		{"{a,**/}x", []string{"ax", "x", "q/x"}, []string{"bx"}},
		{"year=2026/month=*/*.parquet", []string{"year=2026/month=01/p.parquet"}, []string{"year=2026/p.parquet"}},
		{`\*.csv`, []string{"*.csv"}, []string{"a.csv"}},
		{"a,b}", []string{"a,b}"}, nil},
		{"a.b(c)|d+$^", []string{"a.b(c)|d+$^"}, []string{"aXb(c)"}},
		{"*", []string{"a\nb"}, nil},
	} {
		match, err := objstore.CompileGlob(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		for _, key := range c.yes {
			if !match(key) {
				t.Errorf("%q does not match %q", c.pattern, key)
			}
		}
		for _, key := range c.no {
			if match(key) {
				t.Errorf("%q matches %q", c.pattern, key)
			}
		}
	}
	for _, pattern := range []string{"a[b", "a{b,c", "[", "[z-a]", "a[b/c]"} {
		if _, err := objstore.CompileGlob(pattern); err == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
}

// TestGlobModel holds patterns without braces and ** against path.Match, which treats [] alike but for "/".
func TestGlobModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pattern := rapid.StringMatching(`([ab/.]|\*|\?|\[ab\]|\[a-b\.\]){0,8}`).Draw(rt, "pattern")
		if strings.Contains(pattern, "**") {
			rt.Skip()
		}
		key := rapid.StringMatching(`[abc/.]{0,8}`).Draw(rt, "key")
		want, err := path.Match(pattern, key)
		if err != nil {
			rt.Fatal(err)
		}
		match, err := objstore.CompileGlob(pattern)
		if err != nil {
			rt.Fatal(err)
		}
		if match(key) != want {
			rt.Fatalf("%q, %q: %v, want %v", pattern, key, !want, want)
		}
	})
}

func FuzzGlob(f *testing.F) {
	for _, s := range []string{"a*", "[a-z]", "{a,b}", "**/x", `\`, "[]", "{{", "[!]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		objstore.HasGlob(pattern)
		if match, err := objstore.CompileGlob(pattern); err == nil {
			match("a/b")
		}
	})
}

// prefixes records which prefixes are listed.
type prefixes struct {
	*mem.Store
	listed []string
}

func (p *prefixes) List(ctx context.Context, prefix string, opts objstore.ListOptions) iter.Seq2[objstore.Info, error] {
	p.listed = append(p.listed, prefix)
	return p.Store.List(ctx, prefix, opts)
}

func TestGlob(t *testing.T) {
	s := &prefixes{Store: mem.New("b")}
	for _, key := range []string{"in/2025/a.csv", "in/2026/a.csv", "in/2026/b.csv", "in/2026/b.json", "in/x*y.csv", "out/a.csv"} {
		storetest.Put(t, s, key, nil)
	}
	for _, c := range []struct {
		pattern string
		listed  []string
		want    []string
	}{
		{"in/2026/*.csv", []string{"in/2026/"}, []string{"in/2026/a.csv", "in/2026/b.csv"}},
		{"in/*/b.*", []string{"in/"}, []string{"in/2026/b.csv", "in/2026/b.json"}},
		{"in/{2025,2026}/a.csv", []string{"in/"}, []string{"in/2025/a.csv", "in/2026/a.csv"}},
		{"**.csv", []string{""}, []string{"in/2025/a.csv", "in/2026/a.csv", "in/2026/b.csv", "in/x*y.csv", "out/a.csv"}},
		{"out/a.csv", nil, []string{"out/a.csv"}},
		{`in/x\*y.csv`, nil, []string{"in/x*y.csv"}},
		{"out/missing", nil, nil},
		{"none/*", []string{"none/"}, nil},
	} {
		s.listed = nil
		var got []string
		for info, err := range objstore.Glob(t.Context(), s, c.pattern) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, info.Key)
		}
		if !slices.Equal(got, c.want) || !slices.Equal(s.listed, c.listed) {
			t.Errorf("Glob(%q) = %q, listing %q; want %q, listing %q", c.pattern, got, s.listed, c.want, c.listed)
		}
		if objstore.HasGlob(c.pattern) != (c.listed != nil) {
			t.Errorf("HasGlob(%q) = %v", c.pattern, !(c.listed != nil))
		}
	}
	for _, err := range objstore.Glob(t.Context(), s, "in/[") {
		storetest.WantKind(t, err, objstore.BadURL, "in/[")
	}
}
