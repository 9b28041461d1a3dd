using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning;

/// <summary>What a language model read and wrote for some of a store's knowledge.</summary>
/// <param name="Users">Of whom something was said.</param>
/// <param name="Prompts">About users and scenarios.</param>
/// <param name="Tokens">Read and generated.</param>
/// <param name="Work">In tokens that are read; one that is generated takes about as long as two of them.</param>
public sealed record StoredWork(int Users, int Prompts, long Tokens, double Work)
{
    /// <summary>Of several parts of a store, which is read once.</summary>
    /// <param name="basis">The training part whose scenario knowledge counts.</param>
    /// <param name="counted">For each part, whose knowledge counts beside it; null for that of all users.</param>
    public static IReadOnlyList<StoredWork> Of(KnowledgeStore store, string basis, IReadOnlyList<IReadOnlySet<string>?> counted)
    {
        var users = counted.Select(_ => new HashSet<string>(StringComparer.Ordinal)).ToList();
        var sums = new (int Prompts, long Tokens, double Work)[counted.Count];
        foreach (var record in store.Records())
        {
            var isUser = record.Key.Level == KnowledgeLevel.User;
            for (var k = 0; k < counted.Count; k++)
            {
                if (isUser ? counted[k]?.Contains(record.Key.Id) == false : record.Basis != basis)
                    continue;
                if (isUser)
                    users[k].Add(record.Key.Id);
                sums[k].Prompts++;
                sums[k].Tokens += record.PromptTokens + record.NewTokens;
                sums[k].Work += TimedProbe.Work(record.PromptTokens, record.NewTokens);
            }
        }
        return [.. sums.Zip(users, (sum, asked) => new StoredWork(asked.Count, sum.Prompts, sum.Tokens, sum.Work))];
    }

    /// <summary>
    /// How long asking for everything in a store takes with the machine as it is now: its prompts are written again, some
    /// batches of them are asked, and whatever cannot be written again takes as long for its work.
    /// </summary>
    /// <param name="model">That made the store.</param>
    public static double SecondsOf(KnowledgeStore store, InteractionDataset data, ILanguageModel model, PromptTemplate template, CancellationToken cancellation)
    {
        if (model.Identity.WeightsHash != store.Fingerprint.WeightsHash)
        {
            throw new Llm4MsrException(FaultKind.Usage,
                $"'{model.Identity.Name}' did not make the knowledge in '{store.Path}', which is {store.Fingerprint.Source}'s, so its time says nothing of it. Name the model that did.");
        }
        var prompts = new StoredPrompts(data, template, store.Fingerprint.HistoryLength, model.Cut);
        var (newTokens, work) = (1, 0.0);
        List<Question> questions = [];
        foreach (var record in store.Records())
        {
            newTokens = Math.Max(newTokens, record.NewTokens);
            work += TimedProbe.Work(record.PromptTokens, record.NewTokens);
            if (prompts.Of(record) is { } prompt)
                questions.Add(new Question(record.Key, (int)record.AsOfRank, record.Basis, prompt, record.PromptTokens));
        }
        if (questions.Count == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"No prompt of '{store.Path}' can be written again from these data and this template, so that none can be timed. Name its --template, or say the time with --hours.");
        var options = new ReasoningOptions { MaxNewTokens = newTokens };
        var batches = PromptBatches.Of(questions, model.Memory, options);
        var probe = TimedProbe.Run(model, batches, 2 * options.Workers, options, cancellation);
        var (seconds, _) = TimedProbe.Duration(probe.BatchSeconds, options.Workers);
        return seconds * work / questions.Sum(q => TimedProbe.Work(q.Tokens, probe.NewTokens));
    }
}
