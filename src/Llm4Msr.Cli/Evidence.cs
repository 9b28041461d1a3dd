using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;
using Llm4Msr.Serving;

namespace Llm4Msr.Cli;

/// <summary>What was said about the user and the scenario of a row; null where nothing was.</summary>
internal sealed record Evidence(Said? User, Said? Scenario)
{
    /// <param name="dataFolder">Null for where the data lay when the run was trained.</param>
    /// <param name="model">The language model that was asked, which knows where it cut long titles; null for none.</param>
    public static Evidence Of(ModelFolder folder, Explanation explanation, string storePath, string? dataFolder, PromptTemplate template, string? model)
    {
        if (folder.Knowledge is not { } table)
            throw new Llm4MsrException(FaultKind.Usage, $"The model in '{folder.Path}' reads no knowledge, so that no text stands behind its predictions. Leave --knowledge out.");
        if (folder.Description.Knowledge!.Arm is var arm and not KnowledgeArm.Real)
            throw new Llm4MsrException(FaultKind.Usage, $"The model in '{folder.Path}' is a control ({Spelling.Of(arm)}): its users carry vectors that are not about them. Leave --knowledge out.");
        using var store = KnowledgeStore.OpenForReading(storePath);
        if (!store.IsSourceOf(table.Origin))
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"The knowledge in '{storePath}' (content {store.ContentFor(table.Origin.Basis)}) is not what '{folder.Path}' was trained with "
                + $"(content {table.Origin.ContentHash}). Name the store that it was trained with.");
        }
        var asked = AskedModel.Of(store, model);
        var prompts = new StoredPrompts(ScoredRun.OpenData(folder, dataFolder), template, store.Fingerprint.HistoryLength, asked is null ? null : asked.Cut);
        KnowledgeRecord? user = null, scenario = null;
        foreach (var record in store.Records())
        {
            if (record.Key == KnowledgeKey.ForUser(explanation.User) && record.AsOfRank == explanation.Knowledge!.AsOfRank)
                user = record; // of two as of one rank the later one counts
            else if (record.Key == KnowledgeKey.ForScenario(explanation.Scenario) && record.Basis == table.Origin.Basis)
                scenario = record;
        }
        return new Evidence(SaidIn(user), SaidIn(scenario));

        Said? SaidIn(KnowledgeRecord? record) => record is null ? null : new Said(record.Text, prompts.Of(record)?.Text);
    }
}

/// <param name="Text">The language model's answer; empty for vectors made elsewhere.</param>
/// <param name="Prompt">Null where the data and the template do not give it.</param>
internal sealed record Said(string Text, string? Prompt);
