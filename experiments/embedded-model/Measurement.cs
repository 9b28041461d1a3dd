using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;

namespace Llm4Msr.TrainEmbedded;

/// <summary>What was planted in a user, and what the model says of them.</summary>
internal sealed record AskedUser(PlantedInterests Interests, Answer Answer);

/// <summary>A model asked about the users of one generated catalogue, each as of the end of their training rows.</summary>
internal sealed record Measurement(IReadOnlyList<string> Topics, IReadOnlyList<Scenario> Scenarios, IReadOnlyList<AskedUser> Users)
{
    /// <param name="scratch">A folder that is made anew.</param>
    public static Measurement Of(LanguageModel model, PlantedOptions options, int history, string scratch)
    {
        var planted = PlantedData.Generate(options);
        var data = Prepared(planted, scratch);
        var reasoning = new ReasoningOptions { History = history, Protocol = KnowledgeProtocol.TrainPart, Workers = 1 };
        var questions = Questions.Of(data, model, reasoning).Where(question => question.Key.Level == KnowledgeLevel.User);
        return new Measurement(planted.Topics, data.Description.Scenarios,
        [
            .. PromptBatches.Of(questions, model.Memory, reasoning).SelectMany(batch =>
                batch.Zip(model.Generate([.. batch.Select(q => q.Prompt.Chat)], new GenerationOptions(reasoning.MaxNewTokens)), (question, answer) =>
                    new AskedUser(planted.Interests[int.Parse(question.Key.Id, null) - 1], answer))),
        ]);
    }

    /// <param name="scratch">A folder that is made anew.</param>
    public static InteractionDataset Prepared(PlantedData planted, string scratch)
    {
        if (Directory.Exists(scratch))
            Directory.Delete(scratch, recursive: true);
        DurableFile.WriteFolder(scratch, folder => PreparedDataWriter.Write(folder, planted.Raw, new SplitOptions(SplitKind.UserHoldout)));
        return InteractionDataset.Open(scratch);
    }

    public SummaryScore Summaries() =>
        SummaryScore.Of(Users.Select(user => (InterestSummary.Parse(user.Answer.Text, Scenarios), InterestSummary.Of(user.Interests, Topics))));

    /// <summary>How well a linear probe reads the users' interests from a hidden state: R² for users that it was not fitted on, mean over topics.</summary>
    /// <param name="shuffled">Whether the probe is fitted with the interests of other users.</param>
    public double ProbeR2(HiddenStateDefinition state, bool shuffled = false)
    {
        double[][] states = [.. Users.Select(u => u.Answer.States[state].Select(x => (double)x).ToArray())];
        double[][] interests = [.. Users.Select(u => u.Interests.Vector(Topics.Count).Select(x => (double)x).ToArray())];
        return LinearProbe.R2(states, interests, shuffled);
    }
}
