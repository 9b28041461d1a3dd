using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Reasoning;

/// <summary>How far the asking is.</summary>
/// <param name="Asked">Prompts answered and stored in this run.</param>
/// <param name="PromptTokens">Read in this run.</param>
/// <param name="NewTokens">Generated in this run.</param>
/// <param name="ToDo">Prompts that were not stored when this run began.</param>
/// <param name="TokensToDo">Their tokens, as the questions count them.</param>
/// <param name="TokensDone">How many of those are done.</param>
public sealed record ReasoningProgress(int Asked, long PromptTokens, long NewTokens, int ToDo, long TokensToDo, long TokensDone = 0);

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

    /// <summary>Asks what the store does not hold yet.</summary>
    /// <param name="questions">See <see cref="Questions.Of"/>.</param>
    /// <param name="store">Opened for writing with <see cref="FingerprintOf"/>.</param>
    /// <exception cref="Llm4MsrException">
    /// The budget does not suffice (<see cref="FaultKind.ResourceMissing"/>): whatever was asked is finished and stored. Or whatever
    /// the model and the store have to say.
    /// </exception>
    /// <param name="progress">Called after each batch is stored, from one thread at a time.</param>
    public static ReasoningProgress Run(
        InteractionDataset data, ILanguageModel model, IReadOnlyList<Question> questions, KnowledgeStore store, ReasoningOptions options,
        CancellationToken cancellation, Action<ReasoningProgress>? progress = null)
    {
        var open = questions.Where(q => !store.Contains(q.Key, q.AsOfRank, q.Basis, q.Prompt.Hash)).ToList();
        var done = new ReasoningProgress(0, 0, 0, open.Count, open.Sum(q => (long)q.Tokens));
        var batches = new ConcurrentQueue<Question[]>(PromptBatches.Of(open, model.Memory, options));
        var spending = options.Budget is { } budget ? new Spending(budget, options.MaxNewTokens, model.States.Contains(HiddenStateDefinition.ReadAgain)) : null;
        var spent = false;
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ExceptionDispatchInfo? failure = null;
        var gate = new Lock();

        var workers = Enumerable.Range(0, Math.Max(1, options.Workers)).Select(_ => new Thread(Work) { IsBackground = true }).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        failure?.Throw();
        cancellation.ThrowIfCancellationRequested();
        if (spent)
        {
            throw new Llm4MsrException(FaultKind.ResourceMissing, $"The budget is used up: {spending!.Text()} are spent in this run, and the next prompt may take "
                + "more than is left. Prompts that were being answered are finished and stored; allow more, or run the command again for another such budget.");
        }
        return done;

        void Work()
        {
            try
            {
                while (!failed.IsCancellationRequested && !Volatile.Read(ref spent) && batches.TryDequeue(out var batch))
                {
                    if (spending?.TryReserve(batch) == false)
                    {
                        Volatile.Write(ref spent, true); // the others finish what they ask
                        return;
                    }
                    var answers = model.Generate([.. batch.Select(q => q.Prompt.Chat)], GenerationOf(batch, options), failed.Token);
                    spending?.Settle(batch, answers);
                    var records = batch.Zip(answers, (question, answer) => Record(data, question, answer, options.States)).ToList();
                    lock (gate)
                    {
                        store.Append(records);
                        done = done with
                        {
                            Asked = done.Asked + batch.Length,
                            PromptTokens = done.PromptTokens + answers.Sum(a => (long)a.PromptTokens),
                            NewTokens = done.NewTokens + answers.Sum(a => (long)a.NewTokens),
                            TokensDone = done.TokensDone + batch.Sum(q => (long)q.Tokens),
                        };
                        progress?.Invoke(done);
                    }
                }
            }
            catch (Exception e)
            {
                lock (gate)
                {
                    if (e is not OperationCanceledException)
                        failure ??= ExceptionDispatchInfo.Capture(e);
                }
                failed.Cancel();
            }
        }
    }

    private static GenerationOptions GenerationOf(Question[] batch, ReasoningOptions options) => new(
        options.MaxNewTokens,
        options.Temperature > 0 ? new Sampling(options.Temperature, options.TopP, options.Seed, [.. batch.Select(q => q.Key.ToString())]) : null)
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
