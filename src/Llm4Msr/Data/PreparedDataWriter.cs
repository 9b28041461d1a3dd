using Apache.Arrow;
using Llm4Msr.Platform;

namespace Llm4Msr.Data;

/// <summary>Splits and encodes raw tables and writes the folder that <see cref="InteractionDataset.Open"/> reads.</summary>
/// <remarks>
/// The folder separates what depends on the split (parts, vocabularies, encoded features, statistics) from what does not
/// (interactions, users, items). Equal input and options give equal bytes. The tables go by batch after batch: what stays
/// in memory is the encoded users and items, and of each interaction its user and its part.
/// </remarks>
public static class PreparedDataWriter
{
    /// <summary>Fills <paramref name="folder"/>, which must exist and be empty, with logs in memory.</summary>
    public static void Write(string folder, RawData raw, SplitOptions split) => Write(folder, raw.InOrder(), split);

    /// <summary>Fills <paramref name="folder"/>, which must exist and be empty.</summary>
    /// <param name="minCount">Values in fewer training rows share the index of those never seen.</param>
    /// <param name="import">What became of the logs' rows; known when all of them have been read.</param>
    public static DataDescription Write(string folder, RawTables raw, SplitOptions split, int minCount = 1, Func<ImportReport>? import = null)
    {
        string PathOf(string name) => Path.Combine(folder, name);
        var users = new EntityReader(FieldOwner.User, FeatureNames.UserId, raw.UserFields);
        var items = new EntityReader(FieldOwner.Item, FeatureNames.ItemId, raw.ItemFields);
        ArrowTable.Write(PathOf(InteractionDataset.UsersFile), raw.Users.Select(users.Read));
        ArrowTable.Write(PathOf(InteractionDataset.ItemsFile), raw.Items.Select(items.Read));
        var interactions = new InteractionReader(raw.ContextFields);
        ArrowTable.Write(PathOf(InteractionDataset.InteractionsFile), raw.Interactions.Select(interactions.Read));

        var parts = Splits.Assign(split, interactions.Users, users.Keys, interactions.Parts);
        if (!parts.Contains(Part.Training))
            throw new Llm4MsrException(FaultKind.BadInput, $"The split leaves nothing to train on: {parts.Length} interactions in all.");
        ArrowTable.Write(PathOf(InteractionDataset.SplitFile), ("part", ArrowTable.Column([.. parts.Select(p => (byte)p)])));

        var (all, training) = Count(PathOf(InteractionDataset.InteractionsFile), raw.Scenarios.Count, parts, users, items);
        Dictionary<string, FeatureVocabulary> vocabularies = new(StringComparer.Ordinal);
        List<FieldFrequency> frequencies = [];
        var (userTable, itemTable) = (users.Encode(vocabularies, frequencies, minCount), items.Encode(vocabularies, frequencies, minCount));
        var context = interactions.Encode(parts, vocabularies, frequencies, minCount);
        new RowEncoder(raw.Scenarios, Schema(raw.Scenarios, userTable, itemTable, context), userTable, itemTable, vocabularies)
            .Save(PathOf(InteractionDataset.FeaturesFolder));
        ArrowTable.Write(PathOf(InteractionDataset.ContextFile), [.. context.Select(c => (c.Field.Name, ArrowTable.Column(c.Values)))]);

        var interactionsHash = FileHash.Of(string.Join('\n',
            new[] { InteractionDataset.InteractionsFile, InteractionDataset.UsersFile, InteractionDataset.ItemsFile }.Select(f => FileHash.OfFile(PathOf(f)))));
        var description = new DataDescription(
            raw.Source,
            raw.Platform,
            raw.Scenarios,
            split,
            Enum.GetValues<Part>().ToDictionary(part => part, part => Facts(parts, part)),
            all,
            training,
            interactionsHash,
            FileHash.Of($"{interactionsHash}\n{FileHash.OfFile(PathOf(InteractionDataset.SplitFile))}"),
            raw.Inputs)
        {
            MinCount = minCount,
            Fields = frequencies,
            Import = import?.Invoke(),
        };
        DataDescription.Write(PathOf(InteractionDataset.DescriptionFile), description);
        FolderManifest.Write(folder, InteractionDataset.Format);
        return description;
    }

    /// <summary>Table 1 over all rows and over the training part, and how often each user and item stands in which part.</summary>
    private static (DataStatistics All, DataStatistics Training) Count(string path, int scenarios, Part[] parts, EntityReader users, EntityReader items)
    {
        var all = new StatisticsCounter(scenarios, users.Keys.Count, items.Keys.Count);
        var training = new StatisticsCounter(scenarios, users.Keys.Count, items.Keys.Count);
        var (userRows, itemRows) = (users.RowsByPart, items.RowsByPart);
        var rank = 0;
        foreach (var table in ArrowTable.ReadInParts(path))
        {
            var (scenario, user, item, clicked) = (table.Ints("scenario"), table.Ints("user"), table.Ints("item"), table.Flags("clicked"));
            for (var row = 0; row < table.Count; row++, rank++)
            {
                all.Add(scenario[row], user[row], item[row], clicked[row]);
                if (parts[rank] == Part.Training)
                    training.Add(scenario[row], user[row], item[row], clicked[row]);
                userRows.Count(user[row], parts[rank]);
                itemRows.Count(item[row], parts[rank]);
            }
        }
        return (all.Result(), training.Result());
    }

    private static FeatureSchema Schema(IReadOnlyList<Scenario> scenarios, EntityTable users, EntityTable items, IEnumerable<FeatureColumn> context)
    {
        var scenario = new FeatureField(FeatureNames.Scenario, FieldOwner.Scenario, MultiValued: false, scenarios.Count + 1);
        var schema = new FeatureSchema([.. users.Columns.Concat(items.Columns).Concat(context).Select(c => c.Field), scenario]);
        if (schema.Fields.Select(f => f.Name).Distinct(StringComparer.Ordinal).Count() != schema.Fields.Count)
            throw new Llm4MsrException(FaultKind.BadInput, $"Two feature fields have one name: {string.Join(", ", schema.Fields.Select(f => f.Name))}. Rename one.");
        return schema;
    }

    private static PartFacts Facts(Part[] parts, Part part) =>
        new(parts.Count(p => p == part), System.Array.IndexOf(parts, part), System.Array.LastIndexOf(parts, part));
}
