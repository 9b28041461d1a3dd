using System.Diagnostics;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;

namespace Llm4Msr.Reasoning;

/// <summary>How far the asking is.</summary>
/// <param name="Asked">Prompts answered and stored in this run.</param>
/// <param name="PromptTokens">Read in this run.</param>
/// <param name="PaddingTokens">Places before shorter prompts of a batch that the cache holds and every new token passes over.</param>
/// <param name="NewTokens">Generated in this run.</param>
/// <param name="ToDo">Prompts that this run is to ask.</param>
/// <param name="TokensToDo">Their tokens.</param>
public sealed record ReasoningProgress(int Asked, long PromptTokens, long PaddingTokens, long NewTokens, int ToDo, long TokensToDo)
{
    /// <summary>Share of padding in what the cache holds of prompts.</summary>
    public double PaddedShare => PaddingTokens == 0 ? 0 : PaddingTokens / (double)(PromptTokens + PaddingTokens);
}

/// <summary>
/// Step 1 of the paper's algorithm 1: asks the frozen language model about every scenario and every user, and stores text
/// and hidden states as each batch finishes. What is stored is never asked again.
/// </summary>
public static class KnowledgeReasoner
{
    public static KnowledgeFingerprint FingerprintOf(ILanguageModel model, ReasoningOptions options) => new()
    {
        Source = model.Identity.Name,
        WeightsHash = model.Identity.WeightsHash,
        TokenizerHash = model.Identity.TokenizerHash ?? "",
        TemplateHash = options.Template.Hash,
        ChatFormat = model.Identity.ChatFormat ?? "none",
        SystemMessage = model.Identity.SystemMessage,
        Decoding = options.Temperature > 0
            ? FormattableString.Invariant($"temperature {options.Temperature}, top-p {options.TopP}, seed {options.Seed}, {options.MaxNewTokens} new tokens")
            : FormattableString.Invariant($"greedy, {options.MaxNewTokens} new tokens"),
        States = [.. options.States.Select(state => state.Name)],
        Norm = options.States.All(state => state.Layer is not null) ? KnowledgeNorm.Pre : KnowledgeNorm.Post,
        UserWidth = model.HiddenSize,
        ScenarioWidth = model.HiddenSize,
        HistoryLength = options.History,
        Protocol = options.Protocol,
    };

    /// <summary>Takes over what is known from before, then asks the rest.</summary>
    /// <param name="earlier">The store that <paramref name="plan"/> takes over from, or null.</param>
    /// <param name="store">Opened for writing with <see cref="FingerprintOf"/>.</param>
    /// <param name="progress">Called after each batch is stored, from one thread at a time.</param>
    public static ReasoningProgress Run(
        InteractionDataset data, ILanguageModel model, ReasoningPlan plan, KnowledgeStore store, KnowledgeStore? earlier, ReasoningOptions options,
        CancellationToken cancellation, Action<ReasoningProgress>? progress = null)
    {
        TakeOver(plan, store, earlier);
        var done = new ReasoningProgress(0, 0, 0, 0, plan.Ask.Count, plan.Ask.Sum(q => (long)q.Tokens.Length));
        var clock = Stopwatch.StartNew();
        var gate = new Lock();
        BatchWorkers.Run(PromptBatches.Of(plan.Ask, model.Memory, options), options.Workers, () => !(clock.Elapsed >= options.Budget?.Time), (batch, stop) =>
        {
            var answers = Ask(model, batch, options, stop);
            var records = batch.Zip(answers, (question, answer) => Record(data, question, answer, options.States)).ToList();
            lock (gate)
            {
                store.Append(records);
                done = done with
                {
                    Asked = done.Asked + batch.Length,
                    PromptTokens = done.PromptTokens + answers.Sum(a => (long)a.PromptTokens),
                    PaddingTokens = done.PaddingTokens + PromptBatches.PaddingOf(batch),
                    NewTokens = done.NewTokens + answers.Sum(a => (long)a.GeneratedIds.Count),
                };
                progress?.Invoke(done);
            }
        }, cancellation);
        return done;
    }

    internal static IReadOnlyList<Answer> Ask(ILanguageModel model, Question[] batch, ReasoningOptions options, CancellationToken cancellation) =>
        model.Generate([.. batch.Select(q => q.Tokens)], GenerationOf(batch, options), cancellation);

    private static void TakeOver(ReasoningPlan plan, KnowledgeStore store, KnowledgeStore? earlier)
    {
        const int AtOnce = 256;
        foreach (var some in plan.TakenOver.Where(t => !t.IsIn(store)).Chunk(AtOnce))
        {
            store.Append([.. some.Select(t => earlier!.FindByPrompt(t.Question.Key, t.PromptHash)! with
            {
                AsOfRank = t.Question.AsOfRank,
                AsOfTime = t.AsOfTime,
                Basis = t.Question.Basis,
            })]);
        }
    }

    private static GenerationOptions GenerationOf(Question[] batch, ReasoningOptions options) => new(
        options.MaxNewTokens,
        options.Temperature > 0 ? new Sampling(options.Temperature, options.TopP, options.Seed, [.. batch.Select(q => q.SamplingKey)]) : null)
    {
        Layers = [.. options.States.Select(state => state.Layer).OfType<int>().Distinct()],
    };

    private static KnowledgeRecord Record(InteractionDataset data, Question question, Answer answer, IReadOnlyList<StateChoice> states) => new()
    {
        Key = question.Key,
        AsOfRank = question.AsOfRank,
        AsOfTime = data.Interactions.Time[question.AsOfRank - 1],
        Basis = question.Basis,
        PromptHash = question.Prompt.Hash,
        Text = answer.Text,
        PromptTokens = answer.PromptTokens,
        NewTokens = answer.GeneratedIds.Count,
        CutItems = question.Prompt.ItemsCut,
        Vectors = [.. states.Select(state => state.Of(answer))],
    };
}
