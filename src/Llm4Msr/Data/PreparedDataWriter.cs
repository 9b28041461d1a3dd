using Llm4Msr.Platform;

namespace Llm4Msr.Data;

/// <summary>Writes the folder that <see cref="InteractionDataset.Open"/> reads.</summary>
/// <remarks>
/// The folder separates what depends on the split (parts, vocabularies, encoded features, statistics) from what does not
/// (interactions, users, items). Equal input and options give equal bytes.
/// </remarks>
public static class PreparedDataWriter
{
    /// <summary>Fills <paramref name="folder"/>, which must exist and be empty, with logs in memory.</summary>
    /// <param name="minCount">Values in fewer training rows share the index of those never seen.</param>
    public static DataDescription Write(string folder, RawData raw, SplitOptions split, int minCount = 1)
    {
        var encoder = new MemoryEncoder(raw);
        return Write(folder, encoder.Raw, () => encoder.Encode(Path.Combine(folder, InteractionDataset.InteractionsFile), split, minCount), split, minCount);
    }

    /// <summary>Fills <paramref name="folder"/>, which must exist and be empty, with tables that go by batch after batch.</summary>
    /// <param name="encode">Encodes the raw tables, when all of them have gone by.</param>
    /// <param name="import">What became of the logs' rows; asked when they are encoded.</param>
    public static DataDescription Write(string folder, RawTables raw, Func<EncodedTables> encode, SplitOptions split, int minCount, Func<ImportReport>? import = null)
    {
        string PathOf(string name) => Path.Combine(folder, name);
        ArrowTable.Write(PathOf(InteractionDataset.UsersFile), raw.Users);
        ArrowTable.Write(PathOf(InteractionDataset.ItemsFile), raw.Items);
        ArrowTable.Write(PathOf(InteractionDataset.InteractionsFile), raw.Interactions);

        var encoded = encode();
        if (encoded.Parts[Part.Training].Interactions == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"The split leaves nothing to train on: {encoded.All.Interactions} interactions in all.");
        ArrowTable.Write(PathOf(InteractionDataset.SplitFile), encoded.PartOfRank);
        RowEncoder.Save(PathOf(InteractionDataset.FeaturesFolder), raw.Scenarios, encoded.Schema, encoded.Users, encoded.Items, encoded.Vocabulary);
        ArrowTable.Write(PathOf(InteractionDataset.ContextFile), encoded.Context);

        var interactionsHash = FileHash.Of(string.Join('\n',
            new[] { InteractionDataset.InteractionsFile, InteractionDataset.UsersFile, InteractionDataset.ItemsFile }.Select(f => FileHash.OfFile(PathOf(f)))));
        var description = new DataDescription(
            raw.Source,
            raw.Platform,
            raw.Scenarios,
            split,
            encoded.Parts,
            encoded.All,
            encoded.Training,
            interactionsHash,
            FileHash.Of($"{interactionsHash}\n{FileHash.OfFile(PathOf(InteractionDataset.SplitFile))}"),
            raw.Inputs)
        {
            MinCount = minCount,
            Fields = encoded.Fields,
            Import = import?.Invoke(),
        };
        DataDescription.Write(PathOf(InteractionDataset.DescriptionFile), description);
        FolderManifest.Write(folder, InteractionDataset.Format);
        return description;
    }
}
