using Apache.Arrow;
using Llm4Msr.Platform;

namespace Llm4Msr.Data;

/// <summary>
/// Everything needed to turn (scenario, user, item, context) into the tensors of a model: schema, vocabularies, encoded
/// user and item tables. Training, evaluation and prediction share it, so that no two of them encode a row differently.
/// </summary>
public sealed class RowEncoder
{
    private const string SchemaFile = "schema.json", UsersFile = "users.arrow", ItemsFile = "items.arrow", VocabularyFile = "vocabulary.arrow";

    private readonly FeatureColumn?[] _columns; // by field; null for scenario and context fields

    public RowEncoder(IReadOnlyList<Scenario> scenarios, FeatureSchema schema, EntityTable users, EntityTable items, IReadOnlyDictionary<string, FeatureVocabulary> vocabularies)
    {
        Scenarios = scenarios;
        Schema = schema;
        Users = users;
        Items = items;
        Vocabularies = vocabularies;
        _columns = [.. schema.Fields.Select(field => field.Owner switch
        {
            FieldOwner.User => users.Columns.Single(c => c.Field.Name == field.Name),
            FieldOwner.Item => items.Columns.Single(c => c.Field.Name == field.Name),
            _ => null,
        })];
    }

    public IReadOnlyList<Scenario> Scenarios { get; }

    public FeatureSchema Schema { get; }

    public EntityTable Users { get; }

    public EntityTable Items { get; }

    /// <summary>By field name.</summary>
    public IReadOnlyDictionary<string, FeatureVocabulary> Vocabularies { get; }

    /// <summary>Makes the tensors of a batch in the current dispose scope.</summary>
    /// <param name="withoutUserId">Rows whose user id is shown as one never seen; null for none.</param>
    public CtrBatch Encode(EncodedRows rows, ReadOnlySpan<bool> withoutUserId = default)
    {
        var context = 0;
        var fields = new FieldValues[_columns.Length];
        var (ofUsers, ofItems) = (GatherOnly(Users, rows.User, withoutUserId), GatherOnly(Items, rows.Item, default));
        for (var f = 0; f < fields.Length; f++)
        {
            var owner = Schema.Fields[f].Owner;
            fields[f] = owner switch
            {
                FieldOwner.Scenario => Plain(rows.Scenario, shift: 1),
                FieldOwner.Context => Plain(rows.Context[context++], shift: 0),
                _ when _columns[f] is { Starts: not null } lists => Gather(lists, owner == FieldOwner.User ? rows.User : rows.Item),
                FieldOwner.User => new FieldValues(ofUsers[_columns[f]!.First], null),
                _ => new FieldValues(ofItems[_columns[f]!.First], null),
            };
        }
        return new CtrBatch(new ScenarioGroups(rows.Scenario, Scenarios.Count), fields, Filled.Of(rows.Clicked));
    }

    private static FieldValues Plain(ReadOnlySpan<int> indices, long shift)
    {
        var tensor = Filled.Longs(indices.Length, out var values);
        for (var row = 0; row < values.Length; row++)
            values[row] = indices[row] + shift;
        return new FieldValues(tensor, null);
    }

    /// <summary>The columns with one value for each entity.</summary>
    /// <returns>[B] for each of them; all are parts of one tensor.</returns>
    private static Tensor[] GatherOnly(EntityTable table, ReadOnlySpan<int> entities, ReadOnlySpan<bool> idHidden)
    {
        const int Line = 8; // columns a power of two apart would all lie in the same few lines of the cache
        var (rows, stride) = (entities.Length, entities.Length + Line);
        var tensor = Filled.Longs(table.OnlyColumns * stride, out var values);
        table.CopyOnlyValues(entities, values, stride);
        if (!idHidden.IsEmpty)
        {
            var ids = values.Slice(table.Columns.Single(c => c.Field.Name == FeatureNames.UserId).First * stride, rows);
            for (var row = 0; row < rows; row++)
            {
                if (idHidden[row])
                    ids[row] = FeatureVocabulary.Unseen;
            }
        }
        return tensor.view(table.OnlyColumns, stride).narrow(1, 0, rows).unbind();
    }

    private static FieldValues Gather(FeatureColumn column, ReadOnlySpan<int> entities)
    {
        var startsTensor = Filled.Longs(entities.Length, out var starts);
        long total = 0;
        for (var row = 0; row < starts.Length; row++)
        {
            starts[row] = total;
            total += column.Starts![entities[row] + 1] - column.Starts[entities[row]];
        }
        var valuesTensor = Filled.Longs((int)total, out var values);
        for (int row = 0, next = 0; row < starts.Length; row++)
        {
            foreach (var value in column.Of(entities[row]))
                values[next++] = value;
        }
        return new FieldValues(valuesTensor, startsTensor);
    }

    /// <summary>Writes what <see cref="Load"/> reads.</summary>
    public void Save(string folder) => Save(folder, Scenarios, Schema, Batches(Users), Batches(Items), Batches(Schema, Vocabularies));

    internal static void Save(
        string folder, IReadOnlyList<Scenario> scenarios, FeatureSchema schema, IEnumerable<RecordBatch> users, IEnumerable<RecordBatch> items, IEnumerable<RecordBatch> vocabulary)
    {
        Directory.CreateDirectory(folder);
        DataDescription.Write(Path.Combine(folder, SchemaFile), new SchemaContent(scenarios, schema));
        ArrowTable.Write(Path.Combine(folder, UsersFile), users);
        ArrowTable.Write(Path.Combine(folder, ItemsFile), items);
        ArrowTable.Write(Path.Combine(folder, VocabularyFile), vocabulary);
    }

    // The row of the unknown entity is not stored: its content is fixed.
    internal static IEnumerable<RecordBatch> Batches(EntityTable table) => RawBatch.InParts(table.Count, EncodedTables.Rows, rows =>
    [
        ("key", ArrowTable.Column(table.Keys.Take(rows))),
        .. table.Columns.Select(c => (c.Field.Name, c.Starts is null ? ArrowTable.Column(c.Only(rows)) : ArrowTable.Column(c.Values, c.Starts, rows))),
    ]);

    internal static IEnumerable<RecordBatch> Batches(FeatureSchema schema, IReadOnlyDictionary<string, FeatureVocabulary> vocabularies)
    {
        var entries = schema.Fields.Where(f => vocabularies.ContainsKey(f.Name)).Select(f => vocabularies[f.Name])
            .SelectMany(v => v.Values.Select((value, k) => (v.Field, Value: value, Index: k + 1, Count: v.Counts[k])));
        return entries.Chunk(EncodedTables.Rows).DefaultIfEmpty([]).Select(rows => RawBatch.Of(
        [
            ("field", ArrowTable.Column(rows.Select(e => e.Field))),
            ("value", ArrowTable.Column(rows.Select(e => e.Value))),
            ("index", ArrowTable.Column([.. rows.Select(e => e.Index)])),
            ("count", ArrowTable.Column([.. rows.Select(e => e.Count)])),
        ]));
    }

    public static RowEncoder Load(string folder)
    {
        var content = DataDescription.Read<SchemaContent>(Path.Combine(folder, SchemaFile));
        var vocabularies = LoadVocabularies(Path.Combine(folder, VocabularyFile), content.Schema);
        return new RowEncoder(
            content.Scenarios,
            content.Schema,
            LoadTable(Path.Combine(folder, UsersFile), content.Schema, FieldOwner.User),
            LoadTable(Path.Combine(folder, ItemsFile), content.Schema, FieldOwner.Item),
            vocabularies);
    }

    private static Dictionary<string, FeatureVocabulary> LoadVocabularies(string path, FeatureSchema schema)
    {
        var table = ArrowTable.Read(path);
        var (fields, values, counts) = (table.Texts("field"), table.Texts("value"), table.Longs("count"));
        Dictionary<string, FeatureVocabulary> vocabularies = new(StringComparer.Ordinal);
        for (int first = 0, end; first < fields.Length; first = end)
        {
            for (end = first + 1; end < fields.Length && fields[end] == fields[first]; end++)
            {
            }
            var edges = schema.Fields.FirstOrDefault(f => f.Name == fields[first])?.Edges;
            vocabularies.Add(fields[first], FeatureVocabulary.Restore(fields[first], values[first..end], counts[first..end], edges));
        }
        foreach (var field in schema.Fields.Where(f => f.Owner != FieldOwner.Scenario))
            vocabularies.TryAdd(field.Name, FeatureVocabulary.Restore(field.Name, [], [], field.Edges));
        return vocabularies;
    }

    private sealed record SchemaContent(IReadOnlyList<Scenario> Scenarios, FeatureSchema Schema);

    private static EntityTable LoadTable(string path, FeatureSchema schema, FieldOwner owner)
    {
        var table = ArrowTable.Read(path);
        return new EntityTable(table.Texts("key"), [.. schema.Of(owner).Select(field =>
        {
            if (!field.MultiValued)
                return new FeatureColumn(field, Checked([.. table.Ints(field.Name), FeatureVocabulary.Unseen], field), null);
            var (values, starts) = table.IntLists(field.Name);
            return new FeatureColumn(field, Checked([.. values, FeatureVocabulary.Unseen], field), [.. starts, starts[^1] + 1]);
        })]);

        int[] Checked(int[] values, FeatureField field) => values.All(v => v >= 0 && v < field.Cardinality)
            ? values
            : throw new Llm4MsrException(FaultKind.Damaged,
                $"'{path}': the column '{field.Name}' holds an index outside 0 to {field.Cardinality - 1}. Prepare the data again.");
    }
}

/// <summary>Rows ready to be encoded: indices of scenarios, rows of the user and item tables, encoded context, labels (0 or 1).</summary>
public sealed record EncodedRows(int[] Scenario, int[] User, int[] Item, IReadOnlyList<int[]> Context, float[] Clicked)
{
    public int Count => Scenario.Length;

    public EncodedRows Slice(int start, int count)
    {
        var rows = start..(start + count);
        return new EncodedRows(Scenario[rows], User[rows], Item[rows], [.. Context.Select(column => column[rows])], Clicked[rows]);
    }
}

/// <summary>The names of the fields that every data set has.</summary>
public static class FeatureNames
{
    public const string UserId = "user", ItemId = "item", Scenario = "scenario";
}
