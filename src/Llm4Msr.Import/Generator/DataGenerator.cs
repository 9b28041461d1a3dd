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
    /// <summary>The format of the folder's manifest.</summary>
    public static string ManifestFormat(GeneratedFormat format) => format == GeneratedFormat.Kuaisar ? KuaiSarFiles.Format : InteractionDataset.Format;

    /// <summary>What the progress counts up to.</summary>
    public static double Work(GeneratorOptions options) => options.Scenarios.Sum(s => (double)s.Interactions) + KuaiSarFiles.Lines(options);

    /// <summary>Fills <paramref name="folder"/>, which must exist and be empty.</summary>
    /// <param name="split">Of prepared data.</param>
    /// <param name="report">Called now and then with (work done, what is being done).</param>
    public static TruthDescription Write(string folder, GeneratorOptions options, GeneratedFormat format, SplitOptions split, Action<double, string> report)
    {
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
}
