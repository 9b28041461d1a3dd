using Apache.Arrow;

namespace Llm4Msr.Data;

/// <summary>Logs in memory, in any order: what is generated, and what tests make up.</summary>
public sealed record RawData(
    string Source,
    PlatformDescription Platform,
    IReadOnlyList<Scenario> Scenarios,
    RawEntities Users,
    RawEntities Items,
    IReadOnlyList<ItemWords> ItemWords,
    IReadOnlyList<RawInteraction> Interactions,
    IReadOnlyList<string> ContextFields,
    IReadOnlyDictionary<string, FileFacts> Inputs)
{
    /// <summary>Users and items by key, interactions by (time, item, user, scenario, position).</summary>
    internal RawTables InOrder()
    {
        var (users, _, userRow) = Order(Users, null);
        var (items, words, itemRow) = Order(Items, ItemWords);
        var interactions = Interactions
            .Select(i => i with { User = userRow[i.User], Item = itemRow[i.Item] })
            .OrderBy(i => i.Time).ThenBy(i => i.Item).ThenBy(i => i.User).ThenBy(i => i.Scenario); // stable: then the position
        return new RawTables(
            Source, Platform, Scenarios,
            [RawBatch.Of([("key", ArrowTable.Column(users.Keys)), .. Columns(users)])],
            [RawBatch.Of(
            [
                ("key", ArrowTable.Column(items.Keys)),
                ("title", ArrowTable.Column(words.Select(w => w.Title))),
                ("category", ArrowTable.Column(words.Select(w => w.Category))),
                .. Columns(items),
            ])],
            interactions.Chunk(RawBatch.Rows).DefaultIfEmpty([]).Select(Batch),
            Inputs);
    }

    private static (RawEntities Ordered, ItemWords[] Words, int[] NewRow) Order(RawEntities entities, IReadOnlyList<ItemWords>? words)
    {
        var keys = KeyOrder.Sorted(entities.Keys);
        var rowOf = keys.Select((key, row) => (key, row)).ToDictionary(p => p.key, p => p.row, StringComparer.Ordinal);
        int[] newRow = [.. entities.Keys.Select(key => rowOf[key])];
        return (new RawEntities(keys, [.. entities.Fields.Select(field => field with { Values = Placed(field.Values) })]), words is null ? [] : Placed(words), newRow);

        T[] Placed<T>(IReadOnlyList<T> values)
        {
            var placed = new T[values.Count];
            for (var entity = 0; entity < placed.Length; entity++)
                placed[newRow[entity]] = values[entity];
            return placed;
        }
    }

    private static IEnumerable<(string, IArrowArray)> Columns(RawEntities entities) =>
        entities.Fields.Select(field => ($"raw.{field.Name}", ArrowTable.Column(field.Values)));

    private RecordBatch Batch(RawInteraction[] rows) => RawBatch.Of(
    [
        ("scenario", ArrowTable.Column([.. rows.Select(i => i.Scenario)])),
        ("user", ArrowTable.Column([.. rows.Select(i => i.User)])),
        ("item", ArrowTable.Column([.. rows.Select(i => i.Item)])),
        ("clicked", ArrowTable.Column([.. rows.Select(i => i.Clicked)])),
        ("positive", ArrowTable.Column([.. rows.Select(i => i.Positive)])),
        ("time", ArrowTable.Column([.. rows.Select(i => i.Time)])),
        .. ContextFields.Select((name, k) => ($"context.{name}", ArrowTable.Column(rows.Select(i => i.Context[k])))),
    ]);
}

/// <summary>The words that describe the platform in prompts (paper, appendix B).</summary>
/// <param name="Description">For example "a website on which people rate films".</param>
/// <param name="Users">What its users are called, in the plural.</param>
/// <param name="Items">What its items are called, in the plural.</param>
/// <param name="Behavior">What a positive interaction is called, in the past tense: "liked", "clicked".</param>
public sealed record PlatformDescription(string Name, string Description, string Users, string Items, string Behavior);

/// <summary>Users or items with their raw features.</summary>
public sealed record RawEntities(IReadOnlyList<string> Keys, IReadOnlyList<RawField> Fields);

/// <summary>One raw feature of every entity.</summary>
/// <param name="Values">For each entity its values: one, or none where it is missing, or of a multi-valued field any number.</param>
public sealed record RawField(string Name, bool MultiValued, IReadOnlyList<IReadOnlyList<string>> Values);

/// <summary>How an item is named in a prompt.</summary>
public sealed record ItemWords(string Title, string Category);

/// <param name="User">Position in the raw users.</param>
/// <param name="Item">Position in the raw items.</param>
/// <param name="Time">Unix seconds.</param>
/// <param name="Context">Raw values of the context fields; an empty text is a missing value.</param>
public sealed record RawInteraction(int Scenario, int User, int Item, bool Clicked, bool Positive, long Time, IReadOnlyList<string> Context);

/// <summary>Size and SHA-256 of a source file.</summary>
public sealed record FileFacts(long Bytes, string Sha256);
