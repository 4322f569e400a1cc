package session

import (
	"context"
	"errors"
	"slices"

	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/catalog/filecatalog"
)

// typeKey is the option of CREATE CATALOG that names a [CatalogType].
const typeKey = "type"

// CatalogType is a kind of catalog that CREATE CATALOG … WITH ('type' = …) makes.
type CatalogType struct {
	Name    string
	Doc     string
	Example string
	Options []*setting.Option // besides type
	// open checks what the options name, and returns how to open it. Nil is in memory.
	open func(ctx context.Context, s *Session, v setting.Values) (func(context.Context) (catalog.Store, error), error)
}

var (
	defaultDatabase = &setting.Option{Key: "default-database", Default: "default",
		Doc: "The database that USE CATALOG makes current. It is created if it is not there."}
	catalogPath = &setting.Option{Key: "path", Aliases: []string{"warehouse"}, Required: true,
		Doc: "Where the definitions lie, such as `s3://bucket/prefix` or `file:///path`. Sessions that name the same place share them."}
	catalogSecrets = &setting.Option{Key: "secrets", Type: setting.Enum, Values: []string{"refuse", "plain"}, Default: "refuse",
		Doc: "Whether options that hold secrets, such as passwords, may be written: they are readable for all who may read the place."}
)

var catalogTypes = []CatalogType{
	{
		Name: "generic_in_memory", Doc: "Definitions live as long as the session.",
		Example: "CREATE CATALOG scratch WITH ('type' = 'generic_in_memory')", Options: []*setting.Option{defaultDatabase},
	},
	{
		Name: "filesystem", Doc: "Definitions are JSON files in an object store or on disk: they survive the process, and sessions share them.",
		Example: "CREATE CATALOG lake WITH ('type' = 'filesystem', 'path' = 's3://warehouse/definitions')",
		Options: []*setting.Option{catalogPath, defaultDatabase, catalogSecrets}, open: openFiles,
	},
}

// CatalogTypes lists the kinds of catalogs, for documentation.
func CatalogTypes() []CatalogType { return slices.Clone(catalogTypes) }

// openFiles is the catalog whose definitions are files.
func openFiles(ctx context.Context, s *Session, v setting.Values) (func(context.Context) (catalog.Store, error), error) {
	if s.config.Env.Objects == nil {
		return nil, errors.New("there is no object store in this session")
	}
	objects, prefix, err := s.config.Env.Objects.Open(ctx, v.Text(catalogPath))
	if err != nil {
		return nil, err
	}
	config := filecatalog.Config{PlainSecrets: v.Enum(catalogSecrets) == "plain", ParseType: bind.ParseType}
	return func(context.Context) (catalog.Store, error) { return filecatalog.Open(objects, prefix, config), nil }, nil
}
