using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>The public data sets whose layout is known, by name.</summary>
public static class KnownData
{
    private const string MovieLensName = "movielens", MovieLens100K = "ml-100k", KuaiSarName = "kuaisar", AmazonName = "amazon";

    public static IReadOnlyList<string> Names { get; } = [MovieLensName, MovieLens100K, KuaiSarName, AmazonName];

    /// <summary>The configuration of a known data set in <paramref name="folders"/>, or the one that a file holds.</summary>
    /// <param name="source">A name, or the path of a configuration.</param>
    /// <param name="scenarios">A file of scenarios by genre, for MovieLens.</param>
    /// <returns>The configuration, and the folder from which its paths are counted.</returns>
    public static (ImportConfiguration Configuration, string Folder) Find(string source, IReadOnlyList<string> folders, string? scenarios)
    {
        if (scenarios is not null && source is not (MovieLensName or MovieLens100K))
            throw new Llm4MsrException(FaultKind.Usage, $"--scenarios is for {MovieLensName}; other sources say their scenarios in their configuration.");
        if (source == AmazonName)
        {
            return folders.Count > 0
                ? Amazon.Configuration(folders)
                : throw new Llm4MsrException(FaultKind.Usage, "'prepare amazon' takes files of reviews, one for each category, or folders with them.");
        }
        if (Names.Contains(source))
        {
            if (folders.Count != 1)
                throw new Llm4MsrException(FaultKind.Usage, $"'prepare {source}' takes one folder, the one with the unpacked files.");
            if (source == KuaiSarName)
                return (KuaiSar.Configuration(), folders[0]);
            return (MovieLens.Configuration(folders[0], scenarios is null ? null : ImportJson.ReadFile<GenreScenario[]>(scenarios)), folders[0]);
        }
        if (!source.EndsWith(".json", StringComparison.Ordinal) && !File.Exists(source))
            throw new Llm4MsrException(FaultKind.Usage, $"'{source}' is no data set that is known, and no file. Known: {string.Join(", ", Names)}.{Nearest.Hint(source, Names)}");
        if (folders.Count > 0)
            throw new Llm4MsrException(FaultKind.Usage, "A configuration file names its own files, from the folder in which it lies: give no folder beside it.");
        return (ImportJson.ReadFile(source), Path.GetDirectoryName(Path.GetFullPath(source))!);
    }
}
