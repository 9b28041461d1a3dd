using System.Diagnostics;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning;

/// <summary>How far the asking is.</summary>
/// <param name="Asked">Prompts answered and stored in this run.</param>
/// <param name="PromptTokens">Read in this run.</param>
/// <param name="PaddingTokens">Places before shorter prompts of a batch that the cache holds and every new token passes over.</param>
/// <param name="NewTokens">Generated in this run.</param>
/// <param name="ToDo">Prompts that this run is to ask.</param>
/// <param name="TokensToDo">Their tokens, as the questions count them.</param>
/// <param name="TokensDone">How many of those are done.</param>
/// <param name="Unusable">Prompts whose answer could not be used; they stay to do.</param>
public sealed record ReasoningProgress(
    int Asked = 0, long PromptTokens = 0, long PaddingTokens = 0, long NewTokens = 0, int ToDo = 0, long TokensToDo = 0, long TokensDone = 0, int Unusable = 0)
{
    /// <summary>Share of padding in what the cache holds of prompts.</summary>
    public double PaddedShare => PaddingTokens == 0 ? 0 : PaddingTokens / (double)(PromptTokens + PaddingTokens);
}

/// <summary>
/// Step 1 of the paper's algorithm 1: asks the frozen language model about every scenario and every user, and stores text
/// and hidden states as each answer is there. What is stored is never asked again.
/// </summary>
public static class KnowledgeReasoner
{
    /// <summary>More answers than so many, and than one in a hundred, that cannot be used are no single prompts' fault.</summary>
    private const int MostUnusable = 3;

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
    /// <param name="cancellation">No prompt is begun any more. Those that a model in this process has read are answered and stored.</param>
    /// <param name="progress">Called after each answer or several are stored, from one thread at a time.</param>
    /// <exception cref="Llm4MsrException">
    /// The limit does not suffice (<see cref="FaultKind.ResourceMissing"/>; <see cref="FaultKind.Usage"/> where it never can), or answers could not be used
    /// (<see cref="FaultKind.BadInput"/>): whatever else was asked is finished and stored. Or whatever the model and the store have
    /// to say.
    /// </exception>
    public static ReasoningProgress Run(
        InteractionDataset data, ILanguageModel model, ReasoningPlan plan, KnowledgeStore store, KnowledgeStore? earlier, ReasoningOptions options,
        CancellationToken cancellation, Action<ReasoningProgress>? progress = null)
    {
        TakeOver(plan, store, earlier);
        var done = new ReasoningProgress { ToDo = plan.Ask.Count, TokensToDo = plan.Ask.Sum(q => (long)q.Tokens) };
        var spending = options.Limit is { } limit ? new Spending(limit, options.MaxNewTokens, model.ReadsAgain()) : null;
        var spent = false;
        Llm4MsrException? unusable = null;
        var clock = Stopwatch.StartNew();
        var gate = new Lock();
        BatchWorkers.Run(PromptBatches.Of(plan.Ask, model.Memory, options), options.Workers, () => !Volatile.Read(ref spent) && !(clock.Elapsed >= options.Budget?.Time), Work, cancellation);
        if (spent)
            throw spending!.Refusal();
        if (unusable is not null)
        {
            throw new Llm4MsrException(FaultKind.BadInput, FormattableString.Invariant(
                $"Of {done.Asked + done.Unusable:N0} prompts {done.Unusable:N0} got no answer that can be used; the same command asks them again. The first: {unusable.Message}"), unusable);
        }
        return done;

        void Work(Question[] batch, CancellationToken stop)
        {
            if (spending?.TryReserve(batch) == false)
            {
                Volatile.Write(ref spent, true); // the others finish what they ask
                return;
            }
            var left = batch.ToHashSet();
            try
            {
                Ask(model, batch, options, stop, answers => Keep(batch, answers, left));
            }
            catch (Llm4MsrException e) when (e.IsOfOneInput)
            {
                spending?.SettleAtMost(left);
                lock (gate)
                {
                    unusable ??= e;
                    done = done with { Unusable = done.Unusable + left.Count, TokensDone = done.TokensDone + left.Sum(q => (long)q.Tokens) };
                    if (done.Unusable > MostUnusable && done.Unusable > 0.01 * (done.Asked + done.Unusable))
                        throw;
                    progress?.Invoke(done);
                }
            }
        }

        void Keep(Question[] batch, IReadOnlyList<(int Prompt, Answer Answer)> answers, HashSet<Question> left)
        {
            var longest = batch.Max(q => q.Tokens);
            var answered = answers.Select(a => (Question: batch[a.Prompt], a.Answer)).ToList();
            left.ExceptWith(answered.Select(a => a.Question));
            spending?.Settle(answered);
            var records = answered.Select(a => Record(data, a.Question, a.Answer, options.States)).ToList();
            lock (gate)
            {
                store.Append(records);
                done = done with
                {
                    Asked = done.Asked + answered.Count,
                    PromptTokens = done.PromptTokens + answered.Sum(a => (long)a.Answer.PromptTokens),
                    PaddingTokens = done.PaddingTokens + answered.Sum(a => (long)(longest - a.Question.Tokens)),
                    NewTokens = done.NewTokens + answered.Sum(a => (long)a.Answer.NewTokens),
                    TokensDone = done.TokensDone + answered.Sum(a => (long)a.Question.Tokens),
                };
                progress?.Invoke(done);
            }
        }
    }

    /// <param name="answered">Where given, it takes answers as they come, and cancelling leaves time for those that are begun.</param>
    internal static IReadOnlyList<Answer> Ask(
        ILanguageModel model, Question[] batch, ReasoningOptions options, CancellationToken cancellation, Action<IReadOnlyList<(int Prompt, Answer Answer)>>? answered = null) =>
        model.Generate([.. batch.Select(q => q.Prompt.Chat)], GenerationOf(batch, options) with { Answered = answered }, cancellation);

    /// <summary>Whether states come from a second pass, which takes tokens too.</summary>
    internal static bool ReadsAgain(this ILanguageModel model) => model.States.Contains(HiddenStateDefinition.ReadAgain);

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
        NewTokens = answer.NewTokens,
        CutItems = question.Prompt.ItemsCut,
        Vectors = [.. states.Select(state => state.Of(answer))],
    };
}
