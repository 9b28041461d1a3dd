using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>What a reading of a whole store found.</summary>
/// <param name="Bytes">Size of the file.</param>
/// <param name="UserRecords">Records of users that are whole.</param>
/// <param name="ScenarioRecords">Records of scenarios that are whole.</param>
/// <param name="ContentHash">As the store describes itself; null where that cannot be read.</param>
/// <param name="Findings">What is wrong, one sentence each; empty where nothing is.</param>
public sealed record KnowledgeVerification(
    string Path, long Bytes, long UserRecords, long ScenarioRecords, string? ContentHash, IReadOnlyList<string> Findings)
{
    /// <summary>So many say that a store is lost; more say nothing new.</summary>
    private const int MostFindings = 100;

    public bool IsClean => Findings.Count == 0;

    internal static KnowledgeVerification Of(string path, int waitSeconds)
    {
        List<string> findings = [];
        long users = 0, scenarios = 0;
        string? contentHash = null;
        try
        {
            using var file = KnowledgeStoreFile.Open(path, writing: false, waitSeconds);
            contentHash = file.Head.Content.ToString();
            foreach (var row in file.Scan(findings.Add))
                _ = row.Header.Key.Level == KnowledgeLevel.User ? users++ : scenarios++;
            findings.AddRange(file.IntegrityFindings());
        }
        catch (Llm4MsrException e) when (e.Kind == FaultKind.Damaged)
        {
            findings.Add(e.Message);
        }
        if (findings.Count > MostFindings)
        {
            var more = findings.Count - MostFindings;
            findings = [.. findings.Take(MostFindings), $"and {more} more"];
        }
        return new(path, new FileInfo(path).Length, users, scenarios, contentHash, findings);
    }
}
