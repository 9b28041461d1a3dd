using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;

namespace Llm4Msr.Import;

/// <summary>
/// KuaiSAR, small or full (Kuaishou, Sun et al. 2023): what users saw recommended and what they found by searching. The
/// paper's label is the click; in prompts, what was forwarded or liked counts too.
/// </summary>
public static class KuaiSar
{
    private const string Recommendation = "recommendation", Search = "search";

    private static readonly string[] s_nothing = ["empty", "UNKNOWN"];
    private static readonly string[] s_userFeatures = ["search_active_level", "rec_active_level", "onehot_feat1", "onehot_feat2"];
    private static readonly string[] s_levels = ["first", "second", "third", "fourth"];

    public static ImportConfiguration Configuration() => new()
    {
        Name = "kuaisar",
        Platform = new PlatformDescription("Kuaishou", "an app in which people watch short videos", "users", "videos", "clicked"),
        Scenarios =
        [
            new Scenario(Recommendation, "people scroll through videos that are chosen for them"),
            new Scenario(Search, "people type what they look for and choose among the videos found"),
        ],
        Interactions =
        [
            new InteractionSource
            {
                File = "rec_inter.csv",
                Scenario = new ScenarioRule(Name: Recommendation),
                User = "user_id", Item = "item_id",
                Label = "click", Positive = "click or forward or like",
                Time = new TimeColumn("timestamp", TimeUnit.Milliseconds),
            },
            new InteractionSource
            {
                File = "src_inter.csv",
                Scenario = new ScenarioRule(Name: Search),
                User = "user_id", Item = "item_id",
                Label = "click_cnt > 0",
                Time = new TimeColumn("search_session_timestamp", TimeUnit.Milliseconds),
            },
        ],
        Users =
        [
            new EntitySource
            {
                File = "user_features.csv", Key = "user_id",
                Features = [.. s_userFeatures.Select(name => new FeatureSource { Name = name })],
            },
        ],
        Items =
        [
            new EntitySource
            {
                File = "item_features.csv", Key = "item_id",
                Features =
                [
                    new FeatureSource { Name = "author_id" },
                    new FeatureSource { Name = "item_type", Missing = s_nothing },
                    new FeatureSource { Name = "upload_type", Missing = s_nothing },
                    .. s_levels.Select(level => new FeatureSource
                    {
                        Name = $"{level}_category", Column = $"{level}_level_category_name_en", Missing = s_nothing,
                    }),
                ],
                Title = ["item_type"],
                Category = [.. s_levels.Select(level => $"{level}_category")],
            },
        ],
    };
}
