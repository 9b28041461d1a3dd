using Apache.Arrow;
using Llm4Msr.Platform;

namespace Llm4Msr.Data;

/// <summary>Orders, splits and encodes raw data and writes the folder that <see cref="InteractionDataset.Open"/> reads.</summary>
/// <remarks>
/// The folder separates what depends on the split (parts, vocabularies, encoded features, statistics) from what does not
/// (interactions, users, items). Equal input and options give equal bytes.
/// </remarks>
public static class PreparedDataWriter
{
    private static readonly ItemWords s_noWords = new("", "");

    /// <summary>Fills <paramref name="folder"/>, which must exist and be empty.</summary>
    public static void Write(string folder, RawData raw, SplitOptions split)
    {
        raw = Order(raw);
        var interactions = Columns(raw);
        var parts = Splits.Assign(split, interactions, raw.Users.Keys);
        if (!parts.Contains(Part.Training))
            throw new Llm4MsrException(FaultKind.BadInput, $"The split leaves nothing to train on: {interactions.Count} interactions in all.");
        string PathOf(string name) => Path.Combine(folder, name);

        WriteInteractions(PathOf(InteractionDataset.InteractionsFile), interactions, raw);
        WriteEntities(PathOf(InteractionDataset.UsersFile), raw.Users);
        WriteEntities(PathOf(InteractionDataset.ItemsFile), raw.Items, raw.ItemWords);
        ArrowTable.Write(PathOf(InteractionDataset.SplitFile), ("part", ArrowTable.Column([.. parts.Select(p => (byte)p)])));

        var encoder = Encoder(raw, interactions, parts);
        encoder.Save(PathOf(InteractionDataset.FeaturesFolder));
        ArrowTable.Write(PathOf(InteractionDataset.ContextFile),
            [.. raw.ContextFields.Select((name, k) => (name, ArrowTable.Column(EncodeContext(raw, k, encoder.Vocabularies[name]))))]);

        var interactionsHash = FileHash.Of(string.Join('\n',
            new[] { InteractionDataset.InteractionsFile, InteractionDataset.UsersFile, InteractionDataset.ItemsFile }.Select(f => FileHash.OfFile(PathOf(f)))));
        DataDescription.Write(PathOf(InteractionDataset.DescriptionFile), new DataDescription(
            raw.Source,
            raw.Platform,
            raw.Scenarios,
            split,
            Enum.GetValues<Part>().ToDictionary(part => part, part => Facts(parts, part)),
            Statistics(_ => true),
            Statistics(rank => parts[rank] == Part.Training),
            interactionsHash,
            FileHash.Of($"{interactionsHash}\n{FileHash.OfFile(PathOf(InteractionDataset.SplitFile))}"),
            raw.Inputs));
        FolderManifest.Write(folder, InteractionDataset.Format);

        DataStatistics Statistics(Func<int, bool> counted) =>
            DataStatistics.Of(interactions, raw.Scenarios.Count, raw.Users.Keys.Count, raw.Items.Keys.Count, counted);
    }

    /// <summary>Users and items by key, interactions by (time, item, user, scenario, line of the source).</summary>
    private static RawData Order(RawData raw)
    {
        var (users, userRow) = Order(raw.Users);
        var (items, itemRow) = Order(raw.Items);
        var words = new ItemWords[raw.ItemWords.Count];
        for (var item = 0; item < words.Length; item++)
            words[itemRow[item]] = raw.ItemWords[item];
        var interactions = raw.Interactions
            .Select(i => i with { User = userRow[i.User], Item = itemRow[i.Item] })
            .OrderBy(i => i.Time).ThenBy(i => i.Item).ThenBy(i => i.User).ThenBy(i => i.Scenario) // stable: then the line of the source
            .ToList();
        return raw with { Users = users, Items = items, ItemWords = words, Interactions = interactions };
    }

    private static (RawEntities Ordered, int[] NewRow) Order(RawEntities entities)
    {
        var keys = KeyOrder.Sorted(entities.Keys);
        var rowOf = keys.Select((key, row) => (key, row)).ToDictionary(p => p.key, p => p.row, StringComparer.Ordinal);
        int[] newRow = [.. entities.Keys.Select(key => rowOf[key])];
        return (new RawEntities(keys, [.. entities.Fields.Select(field =>
        {
            var values = new IReadOnlyList<string>[keys.Length];
            for (var entity = 0; entity < values.Length; entity++)
                values[newRow[entity]] = field.Values[entity];
            return field with { Values = values };
        })]), newRow);
    }

    private static InteractionTable Columns(RawData raw) => new(
        [.. raw.Interactions.Select(i => i.Scenario)],
        [.. raw.Interactions.Select(i => i.User)],
        [.. raw.Interactions.Select(i => i.Item)],
        [.. raw.Interactions.Select(i => i.Clicked)],
        [.. raw.Interactions.Select(i => i.Positive)],
        [.. raw.Interactions.Select(i => i.Time)],
        []);

    private static void WriteInteractions(string path, InteractionTable interactions, RawData raw) => ArrowTable.Write(path,
    [
        ("scenario", ArrowTable.Column(interactions.Scenario)),
        ("user", ArrowTable.Column(interactions.User)),
        ("item", ArrowTable.Column(interactions.Item)),
        ("clicked", ArrowTable.Column(interactions.Clicked)),
        ("positive", ArrowTable.Column(interactions.Positive)),
        ("time", ArrowTable.Column(interactions.Time)),
        .. raw.ContextFields.Select((name, k) => ($"context.{name}", ArrowTable.Column(raw.Interactions.Select(i => i.Context[k])))),
    ]);

    private static void WriteEntities(string path, RawEntities entities, IReadOnlyList<ItemWords>? words = null)
    {
        List<(string, IArrowArray)> columns = [("key", ArrowTable.Column(entities.Keys))];
        if (words is not null)
        {
            columns.Add(("title", ArrowTable.Column(words.Select(w => w.Title))));
            columns.Add(("category", ArrowTable.Column(words.Select(w => w.Category))));
        }
        columns.AddRange(entities.Fields.Select(field => ($"raw.{field.Name}", ArrowTable.Column(field.Values))));
        ArrowTable.Write(path, columns);
    }

    /// <summary>Learns the vocabularies from the training interactions alone and encodes every user and item with them.</summary>
    private static RowEncoder Encoder(RawData raw, InteractionTable interactions, Part[] parts)
    {
        var userRows = new long[raw.Users.Keys.Count];
        var itemRows = new long[raw.Items.Keys.Count];
        for (var rank = 0; rank < parts.Length; rank++)
        {
            if (parts[rank] != Part.Training)
                continue;
            userRows[interactions.User[rank]]++;
            itemRows[interactions.Item[rank]]++;
        }

        var vocabularies = new Dictionary<string, FeatureVocabulary>(StringComparer.Ordinal);
        var users = Encode(raw.Users, FieldOwner.User, FeatureNames.UserId, userRows, vocabularies);
        var items = Encode(raw.Items, FieldOwner.Item, FeatureNames.ItemId, itemRows, vocabularies);
        List<FeatureField> context = [];
        for (var k = 0; k < raw.ContextFields.Count; k++)
        {
            var counts = Enumerable.Range(0, parts.Length).Where(rank => parts[rank] == Part.Training)
                .Select(rank => raw.Interactions[rank].Context[k]).Where(value => value.Length > 0)
                .GroupBy(value => value, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.LongCount(), StringComparer.Ordinal);
            var vocabulary = FeatureVocabulary.FromCounts(raw.ContextFields[k], counts);
            vocabularies.Add(vocabulary.Field, vocabulary);
            context.Add(new FeatureField(vocabulary.Field, FieldOwner.Context, MultiValued: false, vocabulary.Cardinality));
        }
        var scenario = new FeatureField(FeatureNames.Scenario, FieldOwner.Scenario, MultiValued: false, raw.Scenarios.Count + 1);
        var schema = new FeatureSchema([.. users.Columns.Select(c => c.Field), .. items.Columns.Select(c => c.Field), .. context, scenario]);
        if (schema.Fields.Select(f => f.Name).Distinct(StringComparer.Ordinal).Count() != schema.Fields.Count)
            throw new Llm4MsrException(FaultKind.BadInput, $"Two feature fields have one name: {string.Join(", ", schema.Fields.Select(f => f.Name))}. Rename one.");
        return new RowEncoder(raw.Scenarios, schema, users, items, vocabularies);
    }

    private static EntityTable Encode(
        RawEntities entities, FieldOwner owner, string idField, long[] trainingRows, Dictionary<string, FeatureVocabulary> vocabularies)
    {
        var id = new RawField(idField, MultiValued: false, [.. entities.Keys.Select(key => new[] { key })]);
        return new EntityTable(entities.Keys, [.. entities.Fields.Prepend(id).Select(field =>
        {
            var counts = new Dictionary<string, long>(StringComparer.Ordinal);
            for (var entity = 0; entity < trainingRows.Length; entity++)
            {
                if (trainingRows[entity] == 0)
                    continue;
                foreach (var value in field.Values[entity])
                    counts[value] = counts.GetValueOrDefault(value) + trainingRows[entity];
            }
            var vocabulary = FeatureVocabulary.FromCounts(field.Name, counts);
            vocabularies.Add(field.Name, vocabulary);
            return Encode(field, new FeatureField(field.Name, owner, field.MultiValued, vocabulary.Cardinality), vocabulary);
        })]);
    }

    /// <summary>A missing value is an unseen one; of a list, the values never seen are left out unless nothing remains.</summary>
    private static FeatureColumn Encode(RawField raw, FeatureField field, FeatureVocabulary vocabulary)
    {
        if (!field.MultiValued)
        {
            return new FeatureColumn(field,
                [.. raw.Values.Select(v => v.Count == 0 ? FeatureVocabulary.Unseen : vocabulary.IndexOf(v[0])), FeatureVocabulary.Unseen], null);
        }
        List<int> values = [];
        List<int> starts = [0];
        foreach (var list in raw.Values.Append([]))
        {
            var known = list.Select(vocabulary.IndexOf).Where(index => index != FeatureVocabulary.Unseen).ToList();
            values.AddRange(known.Count == 0 ? [FeatureVocabulary.Unseen] : known);
            starts.Add(values.Count);
        }
        return new FeatureColumn(field, [.. values], [.. starts]);
    }

    private static int[] EncodeContext(RawData raw, int field, FeatureVocabulary vocabulary) =>
        [.. raw.Interactions.Select(i => vocabulary.IndexOf(i.Context[field]))];

    private static PartFacts Facts(Part[] parts, Part part) =>
        new(parts.Count(p => p == part), System.Array.IndexOf(parts, part), System.Array.LastIndexOf(parts, part));
}
