using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.TrainEmbedded;

/// <summary>A prompt with the answer that is wanted.</summary>
/// <param name="Tokens">Frame, prompt, answer and the token that ends it.</param>
/// <param name="PromptLength">How many of the tokens are given.</param>
internal sealed record Example(int[] Tokens, int PromptLength);

/// <summary>Examples of generated catalogues, made by the very code that asks the model later.</summary>
internal static class Examples
{
    private static readonly PromptTemplate s_short = PromptTemplate.Parse(
        """
        [scenario]
        In {scenario}, {scenario_description}.
        [user]
        {scenarios}. {history}
        [user.one-sided]
        {scenarios}. {history}
        [history]
        In {scenario}, user_{user} {behavior}: {items}.
        [history.none]
        In {scenario}, user_{user} has no interaction.
        [item]
        {title} [{category}]
        """, "the short template");

    /// <param name="history">T: the most items of one scenario in a prompt.</param>
    /// <param name="shortly">Whether prompts are the lists alone, without the sentences around them.</param>
    public static List<Example> Of(PlantedOptions options, int history, bool shortly, LanguageModel model, int endToken, string scratch)
    {
        var planted = PlantedData.Generate(options);
        var data = Measurement.Prepared(planted, scratch);
        var reasoning = new ReasoningOptions { History = history, Template = shortly ? s_short : PromptTemplate.BuiltIn };
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        return
        [
            .. Questions.Of(data, model, reasoning).Select(question =>
            {
                var answer = question.Key.Level == KnowledgeLevel.Scenario
                    ? ScenarioSummary.Of(data.Description.Platform, data.Description.Scenarios.Single(s => KnowledgeKey.ForScenario(s.Name) == question.Key))
                    : UserAnswer(planted, data, UserHistory.Of(data.Interactions, timeline, data.Encoder.Users.RowOf(question.Key.Id), question.AsOfRank, data.Description.Scenarios.Count, history));
                return new Example([.. model.EncodeChat(question.Prompt.Text, answer), endToken], question.Tokens);
            }),
        ];
    }

    private static string UserAnswer(PlantedData planted, InteractionDataset data, UserHistory history)
    {
        var interests = planted.Interests[Row(data.Encoder.Users.Keys[history.User])];
        var seen = history.Liked.Select(liked => (planted.TopicOfItem[Row(data.Encoder.Items.Keys[liked.Item])], liked.Scenario)).ToHashSet();
        var summary = InterestSummary.Of(interests, planted.Topics, (topic, scenario) => seen.Contains((topic, scenario)));
        var sides = history.Liked.Select(liked => liked.Scenario).Distinct().ToList();
        return sides.Count == 1 ? summary.OneSidedText(data.Description.Scenarios[sides[0]], planted.Topics) : summary.Text(data.Description.Scenarios);
    }

    /// <summary>Keys of generated users and items count from 1.</summary>
    private static int Row(string key) => int.Parse(key, null) - 1;
}
