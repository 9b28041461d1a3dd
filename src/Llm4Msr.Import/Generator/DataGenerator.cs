using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Generator;

/// <summary>What generated data are written as.</summary>
public enum GeneratedFormat
{
    /// <summary>The five files of KuaiSAR.</summary>
    Kuaisar,

    /// <summary>A folder that training and prompts read.</summary>
    Prepared,
}

/// <summary>Generates data and writes them with their truth. Equal options give equal bytes.</summary>
public static class DataGenerator
{
    private const int MostPreparedRows = 2_000_000; // each an object in memory

    /// <summary>The format of the folder's manifest.</summary>
    public static string ManifestFormat(GeneratedFormat format) => format == GeneratedFormat.Kuaisar ? KuaiSarFiles.Format : InteractionDataset.Format;

    /// <summary>What the progress counts up to.</summary>
    public static double Work(GeneratorOptions options) => options.Scenarios.Sum(s => (double)s.Interactions) + KuaiSarFiles.Lines(options);

    /// <summary>Fills <paramref name="folder"/>, which must exist and be empty.</summary>
    /// <param name="split">Of prepared data.</param>
    /// <param name="report">Called now and then with (work done, what is being done).</param>
    public static TruthDescription Write(string folder, GeneratorOptions options, GeneratedFormat format, SplitOptions split, Action<double, string> report)
    {
        if (format == GeneratedFormat.Prepared)
            CheckFits(options);
        var data = GeneratedData.Generate(options, report);
        var made = options.Scenarios.Sum(s => (double)s.Interactions);
        if (format == GeneratedFormat.Kuaisar)
            new KuaiSarFiles(data, folder, (done, what) => report(made + done, what)).Write();
        else
            PreparedDataWriter.Write(folder, GeneratedRawData.Of(data), split);

        report(Work(options), "the truth");
        var best = BestAuc.Of(data);
        TruthFiles.Write(folder, data, best);
        FolderManifest.Write(folder, ManifestFormat(format)); // with the truth
        return new TruthDescription(options, data.Intercepts, best);
    }

    /// <summary>Refuses to make prepared data of a size that is for files and their import.</summary>
    private static void CheckFits(GeneratorOptions options)
    {
        var rows = options.Scenarios.Sum(s => (long)s.Interactions);
        if (rows > MostPreparedRows)
        {
            throw new Llm4MsrException(FaultKind.Usage,
                FormattableString.Invariant($"Prepared data are written from rows that are all in memory at once, at most {MostPreparedRows} of them, and these would be {rows}. ")
                + "Write them with --format kuaisar, then prepare them with 'llm4msr prepare kuaisar'.");
        }
    }
}
