using Llm4Msr.Data;
using Llm4Msr.Models.Enhancements;

namespace Llm4Msr.Serving;

/// <summary>One prediction and what it hangs on. Every logit is one call of the model.</summary>
/// <param name="Rank">Of the interaction; null where the row is not one of the data.</param>
/// <param name="Clicked">Null where the row is not one of the data.</param>
/// <param name="Probability">Of a click.</param>
/// <param name="Shares">Alpha; null for a model without meta layers.</param>
/// <param name="Knowledge">Null for a model that reads none.</param>
/// <param name="Fields">In the schema's order.</param>
public sealed record Explanation(
    string Scenario, string User, string Item, int? Rank, bool? Clicked,
    float Probability, float Logit, FusionShares? Shares, KnowledgeEffects? Knowledge, IReadOnlyList<FieldEffect> Fields);

/// <summary>What the prediction would be with other knowledge.</summary>
/// <param name="AsOfRank">Of the user's snapshot that the row sees; null where it sees none.</param>
/// <param name="KnowsScenario">Whether there is knowledge of the row's scenario.</param>
/// <param name="LogitWithoutUser">With the learned vector for users without knowledge; null where the model reads none of users.</param>
/// <param name="LogitWithoutScenario">The same for scenarios.</param>
/// <param name="Nearest">Null where the row sees no knowledge of its user, or there is no other user.</param>
public sealed record KnowledgeEffects(
    long? AsOfRank, bool KnowsScenario, float? LogitWithoutUser, float? LogitWithoutScenario, NeighbourEffect? Nearest);

/// <summary>The prediction with the knowledge of the user whose vector is nearest.</summary>
/// <param name="Cosine">Of the two vectors as they are stored.</param>
public sealed record NeighbourEffect(string User, long AsOfRank, double Cosine, float Logit);

/// <summary>The prediction with one field shown as a value never seen in training.</summary>
/// <param name="Values">What the row holds; empty where that was never seen either.</param>
/// <param name="Effect">The logit less the one without the field.</param>
public sealed record FieldEffect(string Field, FieldOwner Owner, IReadOnlyList<string> Values, float LogitWithout, float Effect);
