"""Words of counting, reasoning and science. See `lexicon` for how entries are written."""

from __future__ import annotations

REASON_WORDS: dict[str, str] = {
    "quantity": """
        total altogether each per remaining remain remains left_over leftover twice thrice half
        double doubled triple tripled times_as as_many as_much more_than less_than fewer_than
        times_more in_total in_all equally evenly split_the share_the combined rest_of third_of
        quarter one_third two_thirds one_fourth percent percentage fraction average per_day
        per_week per_hour per_month each_day every_day every_week how_many_more a_dozen dozen
        pairs ratio insgesamt zusammen jeweils jede jeder jeden doppelt hälfte übrig pro_stunde
        pro_tag pro_woche pro_stück mal_so prozent drittel chacun chacune chaque reste_t
        combien_de moitié par_jour par_semaine par_heure au_total en_tout pour_cent tiers cada
        cada_uno cada_una mitad doble por_día por_hora por_semana en_total por_ciento tercio
        quedan restantes ciascuno ognuno ogni metà doppio al_giorno all_ora in_totale per_cento
        terzo rimangono metade dobro por_dia no_total ao_todo por_cento terço restam elk elke
        helft dubbel per_dag in_totaal procent varje hälften dubbelt totalt sammanlagt każdy
        każda połowę połowa łącznie razem dziennie pozostało toplam her_bir her_gün yarısı
        iki_katı yüzde kaldı jumlah total_ada masing-masing setiap setengah dua_kali per_hari
        persen tersisa tất_cả mỗi một_nửa gấp_đôi gấp còn_lại phần_trăm tổng_cộng jumla kila
        nusu mara_mbili asilimia zilizobaki kwa_siku всего каждый каждая каждого каждую каждой
        вдвое втрое половина половину осталось проце* больше_чем меньше_чем раза_больше в_день
        в_час кожен кожна вдвічі залишилось разом
    """,
    "unit": """
        hour hours minute minutes day days week weeks month months year years mile miles
        kilometer kilometers km mph meter meters metres foot feet inch inches yards pound
        pounds kg kilograms gram grams ounces liter liters litres gallon gallons dollar dollars
        cent cents euro euros rupees rs price prices cost costs profit loss discount interest
        interest_rate salary wage tax tip speed distance rate tickets boxes bags bottles apples
        oranges eggs cookies pages students marbles candies books pencils stunde stunden
        minuten tag tage wochen monate jahre preis heures heure jours jour semaines mois ans
        prix mètres kilos horas hora días día semanas meses años precio kilómetros metros
        litros pesos ore ora giorni settimane mesi anni prezzo chilometri metri dias meses_de
        anos preço quilômetros reais uur uren dagen weken maanden jaar prijs timmar dagar
        veckor månader år pris kronor godzin godziny dni tygodni miesięcy lat cena złotych
        kilometrów saat dakika gün hafta yıl fiyat lira jam menit hari minggu bulan tahun harga
        rupiah giờ phút ngày tuần tháng giá đồng saa siku wiki mwezi miaka bei dola shilingi
        час часа часов минут минуты день дня дней недел* месяц рублей рубля долларов евро
        километров метров литров кг км годин днів тижнів коштує
    """,
    "trade": """
        buys buy bought sells sell sold spends spend spent earns earn earned saves saved pays
        pay paid gives gave given_to receives received eats ate drinks drank makes made works
        worked walks walked runs ran drives drove travels travelled reads bakes baked collected
        picks picked plants planted needs_to wants_to has_been kauft verkauft kostet bezahlt
        verdient gibt_aus spart isst bekommt arbeitet fährt läuft achète vend coûte gagne
        dépense paie mange reçoit donne travaille court compra vende cuesta gana gasta paga
        come recibe trabaja corre camina ahorra costa guadagna spende mangia riceve lavora
        custa ganha recebe trabalha anda koopt verkoopt kost betaalt eet krijgt werkt köper
        säljer kostar tjänar betalar äter får arbetar kupuje sprzedaje kosztuje zarabia wydaje
        płaci alıyor satıyor kazanıyor harcıyor ödüyor veriyor aldı sattı membeli menjual
        menghasilkan membayar memberi mua bán kiếm trả ăn ananunua anauza analipa покуп* купил
        купила прода* стоит стоят зараб* платит заплат* тратит потра* съел съела получ* купив
    """,
    "how_many": """
        how_many how_much_money how_much_does how_much_did how_much_will how_much_more
        how_much_is how_much_would how_much_profit how_old_is how_old_will how_long_will
        how_long_does how_long_would how_far how_fast what_percentage what_percent wie_viele
        wie_viel wieviele wieviel combien cuánto cuántos cuántas cuánta cuanto cuantos cuantas
        quanti quante quanto quantos quantas hoeveel hur_många hur_mycket ile kaç kaçtır berapa
        berapakah bao_nhiêu mấy сколько скільки ngapi wangapi mangapi kiasi_gani hvor_mange
        kuinka_monta kolik câte câți hány mennyi πόσα πόσο скільки_
    """,
    "number_word": """
        two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty
        fifty hundred thousand million second third fourth zwei drei vier fünf sechs sieben
        acht neun zehn zwölf zwanzig deux trois quatre cinq sept huit neuf dix douze vingt dos
        tres cuatro cinco seis siete ocho nueve diez doce veinte due tre quattro cinque sei
        sette otto nove dieci dois duas três quatro sete oito dez doze vinte twee drie vijf zes
        zeven negen tien två fyra fem sex sju åtta nio tio dwa dwie trzy cztery pięć sześć
        dziesięć iki üç dört beş altı yedi sekiz dokuz dua tiga empat lima enam tujuh delapan
        hai ba bốn năm sáu bảy mbili tatu nne tano sita saba два две три четыре пять шесть семь
        восемь десять двое трое четверо дві чотири п'ять шість
    """,
    "logic": """
        deduce deduction deductive infer inference inferred puzzle puzzles riddle riddles
        knights knight knaves knave liar liars lying lies truthful truth_teller always_lies
        always_tells tells_the_truth telling_the_truth clue clues constraint constraints
        premise premises conclude concludes conclusion conclusions syllogism valid_argument
        argument_valid fallacy logically logical contradict contradicts contradictory
        follows_that follow_from follows_from must_be_true can_be_true cannot_be_true
        could_be_true must_be_false which_statement statements who_is_lying who_owns who_lives
        who_is_the who_sits who_finished exactly_one at_least_one at_most_one only_one neither
        if_and_only necessarily sufficient_condition necessary_condition assumption assumptions
        hypothesis contrapositive implies implication everyone_who counterexample brain_teaser
        paradox weighings counterfeit hourglass cross_the_river river_crossing ferryman wolf
        goat cabbage light_bulb switches prisoners guards doors logic_grid zebra_puzzle sudoku
        true_or_false is_it_possible pattern_in next_in_the next_number comes_next sequence
        all_a_are some_a_are no_a_are are_all all_of_the_following consistent_with reasoning
        folgere schlussfolgere schlussfolgerung rätsel lügner lügt wahrheit prämisse prämissen
        logisch logischen widerspruch folgt_daraus hinweise welche_aussage wer_lügt wer_wohnt
        déduis déduire déduisez énigme menteur ment prémisse prémisses logique contradiction
        indices qui_ment peut_on_conclure deducir acertijo enigma mentiroso miente premisa
        premisas lógica lógicamente pistas quién_miente se_puede_concluir conclusión deduza
        deduzir mente premissa premissas conclusão dicas quem_mente deduci dedurre indovinello
        bugiardo premessa premesse logica conclusione indizi chi_mente raadsel leugenaar liegt
        afleiden conclusie aanwijzingen gåta lögnare ljuger ledtrådar slutsats premisser
        logiskt wywnioskuj zagadka zagadkę kłamca kłamie przesłanki wniosek wskazówki logiczna
        bilmece yalancı yalan_söylüyor mantık mantıksal öncül ipuçları sonuç_çıkar teka-teki
        pembohong berbohong premis kesimpulan petunjuk logika câu_đố nói_dối suy_luận kết_luận
        tiền_đề manh_mối fumbo mwongo anadanganya hitimisho логич* логик* вывод загад* рыцар*
        лжец лжецы лжеца лжёт врёт посыл* следует_ли противо* подска* брехун бреше головоломка
        головоломку висно* підказ*
    """,
    "suppose": """
        if then suppose supposing assume assuming given let consider unless otherwise therefore
        hence thus since because whenever provided when_a only_if either must cannot can_t
        therefore_the wenn dann angenommen falls daher deshalb folglich muss weil si alors
        supposons donc doit car sinon si_un entonces supongamos supón suponga por_lo_tanto
        porque debe se_um então suponha portanto deve allora supponiamo quindi perché als dan
        stel daarom omdat moet om då antag därför måste jeśli załóżmy więc ponieważ eğer
        varsayalım öyleyse çünkü jika maka misalkan karena nếu thì giả_sử vì ikiwa kama basi
        если тогда предположим допустим поэтому якщо тоді припустимо тому
    """,
    "order": """
        left right next_to immediately beside between adjacent neighbor neighbour opposite row
        in_a_row first last oldest youngest older younger older_than younger_than tallest
        shortest taller shorter heavier lighter heaviest faster slower fastest higher lower
        above below before after earlier later than ahead_of behind in_front sits sitting
        seated stands standing houses rank ranked finished_before finished_after order
        round_table neben links rechts zwischen älter jünger größer kleiner schneller als vor
        nach zuerst zuletzt sitzt älteste jüngste gauche droite entre à_côté plus_âgé
        plus_jeune plus_grand plus_petit plus_rapide avant après premier dernier assis
        izquierda derecha al_lado mayor_que menor_que más_alto más_bajo más_viejo más_joven
        más_rápido antes después primero último sentado sentada sinistra destra accanto
        più_alto più_basso più_vecchio più_giovane prima dopo ultimo seduto esquerda direita
        ao_lado mais_alto mais_baixo mais_velho mais_novo depois primeiro links_van rechts_van
        naast tussen ouder jonger groter sneller dan voor na vänster höger bredvid mellan äldre
        yngre längre kortare snabbare före efter lewej prawej obok między starszy młodszy
        wyższy niższy szybszy przed po sağında solunda yanında arasında daha_büyük daha_küçük
        daha_uzun daha_kısa önce sonra kiri kanan sebelah antara lebih_tua lebih_muda
        lebih_tinggi lebih_pendek sebelum sesudah bên_trái bên_phải giữa lớn_tuổi cao_hơn
        thấp_hơn trước sau kushoto kulia mkubwa_kuliko mrefu_kuliko kabla baada слева справа
        рядом между старше младше выше ниже быстрее раньше позже перед после сидит ліворуч
        праворуч поруч молодший старший вищий нижчий швидше
    """,
    "weekday": """
        monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch
        donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche
        lunes martes miércoles jueves viernes sábado domingo lunedì martedì mercoledì giovedì
        venerdì sabato domenica segunda-feira terça-feira quarta-feira quinta-feira sexta-feira
        maandag dinsdag woensdag donderdag vrijdag zaterdag zondag måndag tisdag onsdag torsdag
        fredag lördag söndag poniedziałek wtorek środa czwartek piątek sobota niedziela
        pazartesi salı çarşamba perşembe cuma senin selasa rabu kamis jumat thứ_hai thứ_ba
        jumatatu jumanne понед* вторник среда среду четверг пятни* суббота воскр* понеділок
        вівторок
    """,
    "schedule": """
        schedule schedules scheduling timetable itinerary arrange arrangement allocate assign
        assigned assignment shift shifts meeting_room meetings time_slot slots overlap
        overlapping conflict deadline makespan optimal optimally optimize minimum_number
        maximum_number fewest shortest minimize maximize strategy plan_that feasible as_early
        earliest latest in_what_order which_order depends_on dependencies task_a job_a jobs
        machines workers crew available zeitplan stundenplan terminplan schichtplan reihenfolge
        frühestens planning emploi_du_temps horaire ordonnancement créneaux au_plus_tôt horario
        calendario_de turnos orden_óptimo asignar cronograma escala turni orario rooster
        planning_voor inplannen schema schemalägg harmonogram grafik çizelge vardiya sıralama
        jadwal penjadwalan giliran lịch lịch_trình ratiba zamu распис* график смены
        порядке_чтобы розклад графік
    """,
    "kin": """
        mother father brother brothers sister sisters son sons daughter daughters uncle aunt
        cousin nephew niece grandfather grandmother husband wife siblings twins parents bruder
        schwester vater mutter sohn tochter frère sœur père mère fils fille hermano hermana
        padre madre hijo hija fratello sorella figlio figlia irmão irmã pai mãe filho filha
        broer zus vader moeder zoon dochter bror syster brat siostra ojciec kardeş baba anne
        kız saudara ayah ibu anh chị kaka dada брат сестра отец мать сын дочь
    """,
    "person": """
        alice bob carol dave eve tom jim john mary james sarah anna ann ben sam tim mike jack
        jill peter paul mark david lisa emma olivia liam noah lucy kate jane joe steve susan
        linda karen maria jose juan pedro ana luis carlos marie pierre jean sophie hans max jan
        piet giulia marco luca ali ayşe mehmet fatma budi siti andi juma asha ivan olga миша
        маша петя вася иван анна саша оля дима катя аня лена игорь олена андрій
    """,
    "why": """
        why warum wieso weshalb pourquoi porque por_qué perché waarom varför dlaczego neden
        niçin mengapa kenapa tại_sao vì_sao kwa_nini почему зачем чому hvorfor miksi proč miért
        γιατί
    """,
    "analyse": """
        explain analyze analyse analysis analyzing compare comparison contrast evaluate
        evaluating critique critically assess justify rationale reasoning trade_off trade_offs
        tradeoffs implications implication consequences derive derivation estimate
        pros_and_cons advantages disadvantages argue arguments_for argument_for debate ethical
        ethics moral dilemma perspective weigh interpret examine discuss how_would_you
        hypothetical counterargument evidence strengths weaknesses recommend_which which_option
        which_is_better decide_whether erkläre erklären analysiere analysieren vergleiche
        vergleichen begründe bewerte abwägen vor_und nachteile explique expliquez analysez
        comparez justifie justifiez évalue évaluez avantages inconvénients explica analiza
        compara justifica evalúa razona argumenta ventajas desventajas analise justifique
        avalie vantagens spiega analizza confronta giustifica valuta vantaggi svantaggi leg_uit
        analyseer vergelijk onderbouw beoordeel voordelen nadelen förklara analysera jämför
        motivera bedöm fördelar nackdelar wyjaśnij przeanalizuj porównaj uzasadnij oceń zalety
        açıkla analiz karşılaştır gerekçe değerlendir avantaj jelaskan analisis bandingkan
        evaluasi giải_thích phân_tích so_sánh đánh_giá eleza linganisha chambua объяс* обосн*
        сравн* проан* анали* оцени оцените поясн* порів* обґру*
    """,
    "steps": """
        step_by_step step_by each_step every_step show_your show_the_steps show_all_steps
        your_reasoning your_work your_steps think_through walk_me_through walk_through
        reason_through think_carefully carefully chain_of_thought one_step line_of_reasoning
        full_solution worked_solution schritt_für_schritt jeden_schritt lösungsweg
        étape_par_étape chaque_étape paso_a_paso cada_paso passo_a_passo cada_passo
        passo_dopo_passo ogni_passaggio stap_voor_stap steg_för_steg krok_po_kroku każdy_krok
        adım_adım her_adımı langkah_demi_langkah setiap_langkah từng_bước hatua_kwa_hatua
        пошаг* каждый_шаг шаг_за_шагом крок_за_кроком кожен_крок
    """,
    "cause": """
        cause causes caused causing causal causality causation effect effects affect affects
        correlation correlated confounding confounder controlled_trial randomized control_group
        likely_explanation best_explains explanation root_cause result_of results_in lead_to
        leads_to due_to led_to responsible_for impact impacts influence what_would_happen
        would_have counterfactual most_likely ursache ursachen auswirkung auswirkungen kausal
        korrelation führt_zu cause_de effet effets corrélation conséquence conséquences causa
        causas efecto efectos correlación consecuencia consecuencias efeito efeitos correlação
        consequência effetto effetti correlazione conseguenza oorzaak gevolg gevolgen orsak
        orsaker verkan przyczyna przyczyny skutek skutki neden_sonuç etkisi sebep sebab akibat
        dampak nguyên_nhân hậu_quả ảnh_hưởng sababu athari причи* следс* последствия влиян*
        причин* наслід*
    """,
    "law": """
        liable liability plaintiff defendant contract contracts clause statute breach
        negligence court tort damages tenant landlord lease jurisdiction precedent ruling
        appeal prosecutor burden_of_proof legal legally law_applies is_it_legal entitled
        obligation enforceable offer_and consideration criminal guilty constitutional passage
        author_s author_implies according_to_the_passage according_to_the_text main_idea
        paragraph_suggests the_author weaken strengthen best_supported haftet haftung vertrag
        klage kläger beklagte schadensersatz gericht mieter vermieter paragraph_des contrat
        responsable responsabilité tribunal locataire bailleur plaignant contrato demandante
        demandado inquilino arrendador responsabilidad cláusula contratto responsabile locatore
        danni réu autor_da locatário indenização huurder verhuurder aansprakelijk contract_is
        hyresgäst skadestånd avtalet umowa umowy odpowiedzialność najemca sözleşme kiracı
        sorumlu tazminat kontrak penyewa ganti_rugi hợp_đồng bồi_thường người_thuê mkataba
        mpangaji догов* аренд* ответч* истец истца суд ущерб убытки договір оренд* позивач
    """,
    "science": """
        velocity acceleration momentum kinetic potential_energy wavelength photon photons
        electron electrons proton protons neutron nucleus quantum hamiltonian eigenstate
        wavefunction entropy enthalpy thermodynamic thermodynamics voltage resistor resistors
        capacitor inductor ohm circuit magnetic_field electric_field oscillator frequency
        amplitude torque friction equilibrium particle particles decay relativistic lagrangian
        perturbation boltzmann planck spin mass force gravity gravitational newton joules watts
        volts pressure temperature ideal_gas density redshift luminosity parsec orbital isotope
        half_life radioactive telescope star stars galaxy signal_to sampling bandwidth
        channel_capacity noise transfer_function feedback npv irr annuity coupon yield bond
        portfolio depreciation elasticity marginal nash payoff present_value compounded
        geschwindigkeit beschleunigung spannung widerstand energie masse kraft vitesse
        accélération tension_électrique énergie velocidad aceleración energía masa fuerza
        velocità accelerazione velocidade aceleração energia massa força snelheid versnelling
        hastighet acceleration_på prędkość przyspieszenie hız hızı ivme kecepatan percepatan
        vận_tốc gia_tốc kasi скорость скорости ускор* напря* массой массу силой энерг* швидк*
        прискор*
    """,
    "chemistry": """
        molar moles mole mol stoichiometry reaction reactions reacts reacted reactant reagent
        reagents catalyst titration ph acid acidic base buffer oxidation reduction compound
        compounds alkene alkane nmr spectrum spectra spectroscopy isomer isomers stereoisomer
        chiral synthesis yield_of precipitate aqueous solution_of solvent bond_angle molecule
        molecules molecular atom atoms ion ions hydrogen carbon oxygen nitrogen sodium chloride
        hydroxide ethanol benzene aldehyde ketone enzyme enzymes protein proteins amino gene
        genes allele alleles genotype phenotype mutation mutations mutant transcription dna rna
        mrna plasmid pcr cell cells membrane receptor inhibitor kinase antibody antigen
        bacteria species organism chromosome heterozygous recessive dominant reaktion säure
        molekül réaction acide molécule reacción ácido molécula reazione acido molecola reação
        molekyl kwas cząsteczka asit reaksi asam phản_ứng axit реакц* кислот* молек*
    """,
}
"""Group to its words and phrases."""

REASON_SUBSTRINGS: dict[str, str] = {
    "quantity": """
        一共 总共 共有 每个 每天 每小时 每人 平均每 剩下 还剩 还有多 倍 一半 比原来 同样 合計
        全部で 毎日 毎週 それぞれ 残り 半分 ずつ 合わせて パーセント 모두 각각 매일 남은 절반
        배 씩 전부 퍼센트 ทั้งหมด แต่ละ ต่อวัน เหลือ ครึ่ง เท่า ละ कुल प्रत्येक प्रति आधा आधे
        दोगुना बचे মোট প্রতিটি প্রতি অর্ধেক দ্বিগুণ বাকি మొత్తం ప్రతి సగం రెట్టింపు మిగిలి
        రెట్లు مجموع كل_يوم كل_أسبوع لكل نصف ضعف المتبقي إجمالي هر_روز هر_هفته هر_کدام دو_برابر
        باقی_مانده روی_هم סך_הכל כל_אחד חצי פי_שניים נשארו
    """,
    "unit": """
        元 千米 千克 厘米 分米 米 吨 克 升 小时 分钟 公斤 公里 角钱 ドル 円 時間 分間 キロ
        メートル リットル グラム 週間 歳 원 달러 시간 분 킬로 미터 리터 그램 살 บาท ดอลลาร์
        ชั่วโมง นาที สัปดาห์ กิโล เมตร ลิตร ราคา रुपये घंटे मिनट किमी किलो मीटर दिन डॉलर टाका
        টাকা ডলার ঘণ্টা ঘন্টা মিনিট সপ্তাহ কেজি মিটার కిలో రూపాయ డాలర్ గంట నిమిష రోజు వారం
        మీటర్ ధర ساعة دقيقة دولار كيلو متر ريال درهم ساعت دقیقه تومان کیلو שעות דקות שקלים דולר
        קילו מטר
    """,
    "trade": """
        买了 卖 花了 用去 吃了 运 装 付 挣 买 拿 分给 送给 飞走 走了 借 看了 做了 買 売 食べ
        もらい あげ 使い 払 稼 샀 팔 먹 주었 받았 썼 벌 사면 ซื้อ ขาย จ่าย ได้รับ กิน ให้ खरीद
        बेच देता देती खर्च কিনে কেনে বিক্রি খরচ দেয় দিয়ে కొన అమ్మ ఖర్చు ఇచ్చ సంపాద اشترى
        تشتري يبيع باع دفع أنفق أكل يأكل خرید فروخت پرداخت داد קניה קנה קנתה מכר שילם אכל
    """,
    "how_many": """
        多少 几个 几只 几天 几小时 几本 几人 几元 几支 几张 几棵 几米 多久 幾個 いくつ いくら
        何個 何人 何本 何時間 何枚 何歳 何ドル 何円 何分 何日 何ページ 何キロ 何匹 何冊 몇 얼마
        กี่ เท่าไร เท่าไหร่ कितने कितना कितनी কত কতগুলি কতটি কতজন ఎన్ని ఎంత ఎంతమంది كم چند چقدر
        כמה
    """,
    "logic": """
        推理 推断 推出 逻辑 谜题 说谎 说真话 撒谎 骑士 前提 结论 矛盾 谁说 必然 猜 規律 规律
        真话 假话 谁是凶手 線索 线索 論理 推論 嘘つき 嘘を 正直者 結論 パズル 手がかり 騎士
        논리 추론 거짓말 기사 전제 결론 모순 퍼즐 단서 참말 ตรรกะ อนุมาน สรุปได้ ปริศนา โกหก
        คำใบ้ तर्क निष्कर्ष पहेली झूठ सुराग যুক্তি সিদ্ধান্ত ধাঁধা মিথ্যা সূত্র তর্ক తర్కం
        ముగింపు పజిల్ అబద్ధ ఆధారాల استنتج منطق لغز يكذب الكاذب مقدمات استنتاج منطقی معما دروغگو
        دروغ_می סרנ הסק היגיון חידה שקרן משקר רמזים
    """,
    "suppose": """
        如果 假设 那么 因为 所以 已知 设 若 则 もし 仮定 ならば とする なら 만약 가정 라면 이면
        ถ้า หาก สมมติ यदि मान_लीजिए अगर तो যদি ধরা_যাক তাহলে ఒకవేళ అయితే అనుకుం إذا افترض فإن
        اگر فرض_کن آنگاه אם נניח אז
    """,
    "order": """
        左边 右边 相邻 旁边 之间 最大 最小 最高 最矮 年龄 前面 后面 第一名 比 排在 隣 左 右
        年上 年下 背が高 一番 より 先に 後に 順番 옆에 왼쪽 오른쪽 나이가 키가 보다 먼저 나중
        순서 앞에 뒤에 ซ้าย ขวา ระหว่าง สูงกว่า แก่กว่า อายุมาก ก่อน หลัง ลำดับ बाएँ दाएँ बीच
        से_बड़ा से_छोटा से_लंबा पहले बाद বামে ডানে মাঝে চেয়ে আগে পরে বড় ছোট ఎడమ కుడి మధ్య
        కంటే ముందు తర్వాత పెద్ద చిన్న يسار يمين بين أكبر_من أصغر_من أطول قبل بعد چپ راست بین
        بزرگتر کوچکتر بلندتر שמאל ימין בין גדול_מ קטן_מ גבוה לפני אחרי
    """,
    "weekday": """
        星期一 星期二 星期三 周一 周二 周三 周五 月曜 火曜 水曜 木曜 金曜 월요일 화요일 수요일
        목요일 금요일 วันจันทร์ วันอังคาร วันพุธ सोमवार मंगलवार बुधवार সোমবার মঙ্গলবার বুধবার
        సోమవారం మంగళవారం الاثنين الثلاثاء دوشنبه سه‌شنبه יום_שני יום_שלישי
    """,
    "schedule": """
        安排 日程 排班 最优 最少 最多 最短 调度 顺序 任务 スケジュール 予定 シフト 最適 最小
        順序 会議 일정 근무 최적 최소 배정 순서 작업 ตาราง จัดเวร เหมาะสมที่สุด น้อยที่สุด
        समय-सारणी शिड्यूल न्यूनतम इष्टतम সময়সূচি সর্বনিম্ন షెడ్యూల్ కనీస جدول جدولة الأمثل
        أقل_عدد برنامه‌ریزی زمان‌بندی حداقل بهینه לוח_זמנים שיבוץ משמרות מינימלי
    """,
    "kin": """
        哥哥 弟弟 姐姐 妹妹 爸爸 妈妈 兄 弟 姉 妹 父 母 형 누나 동생 พี่ น้อง भाई बहन ভাই বোন
        సోదరుడు أخ أخت برادر خواهر אח אחות
    """,
    "person": """
        小明 小红 小华 小丽 小刚 小李 小王 张三 李四 王五 甲 乙 丙 丁 太郎 花子 健太 さん 田中
        鈴木 佐藤 철수 영희 민수 지민 สมชาย สมหญิง นิด राम श्याम सीता मोहन राहुल রহিম করিম রাম
        అజయ్ రాము సీత أحمد محمد علي سارة فاطمة علی رضا مریم سارا דני יוסי רותי דנה
    """,
    "why": """
        为什么 为何 為什麼 なぜ どうして 왜 어째서 ทำไม เพราะเหตุใด क्यों কেন ఎందుకు لماذا چرا
        מדוע למה
    """,
    "analyse": """
        分析 解释 说明理由 比较 利弊 优缺点 评价 论述 讨论 评估 説明 比較 論じ 評価 考察 설명
        분석 비교 평가 논하 장단점 อธิบาย วิเคราะห์ เปรียบเทียบ ประเมิน समझाइए समझाएं विश्लेषण
        तुलना ব্যাখ্যা বিশ্লেষণ তুলনা వివరించ విశ్లేష పోల్చ اشرح حلل قارن ناقش قيم توضیح تحلیل
        مقایسه بررسی הסבר הסבירו נתח השווה השוו
    """,
    "steps": """
        一步一步 逐步 步骤 每一步 过程 段階的 ステップ 各ステップ 順を追って 途中式 단계별
        각_단계 풀이 과정 ขั้นตอน ทีละขั้น चरण_दर_चरण हर_चरण चरण ধাপে_ধাপে প্রতিটি_ধাপ దశలవారీ
        ప్రతి_దశ خطوة_بخطوة كل_خطوة گام_به_گام مرحله_به_مرحله שלב_אחר_שלב כל_שלב
    """,
    "cause": """
        原因 影响 导致 因果 后果 结果 造成 理由 影響 結果 이유 원인 영향 인과 결과 สาเหตุ
        ผลกระทบ कारण प्रभाव परिणाम কারণ প্রভাব ফলাফল కారణ ప్రభావ ఫలిత سبب أسباب تأثير نتيجة علت
        تأثیر پیامد סיבה השפעה תוצאה
    """,
    "law": """
        合同 违约 赔偿 责任 法院 原告 被告 租 法律 作者认为 根据上文 契約 賠償 責任 裁判 筆者
        계약 배상 책임 법원 임차인 법적 สัญญา ชดใช้ ความรับผิด ศาล अनुबंध मुआवज़ा अदालत
        किरायेदार চুক্তি ক্ষতিপূরণ আদালত ఒప్పంద పరిహార కోర్టు عقد تعويض محكمة مستأجر قانونيا
        قرارداد خسارت دادگاه חוזה פיצוי בית_המשפט שוכר
    """,
    "science": """
        速度 加速度 电压 电阻 电流 能量 质量 温度 频率 光年 電圧 抵抗 電流 質量 運動量 波長
        속도 가속도 전압 저항 질량 에너지 ความเร็ว ความเร่ง แรงดัน มวล वेग त्वरण द्रव्यमान বেগ
        ত্বরণ ভর వేగం త్వరణం ద్రవ్యరాశి سرعة تسارع كتلة سرعت شتاب جرم מהירות תאוצה מסה
    """,
    "chemistry": """
        反应 分子 原子 基因 蛋白 细胞 酸 溶液 反応 遺伝子 細胞 タンパク 반응 분자 원자 유전자
        세포 단백질 ปฏิกิริยา โมเลกุล เซลล์ अभिक्रिया अणु कोशिका বিক্রিয়া অণু কোষ చర్య అణు కణ
        تفاعل جزيء خلية واکنش مولکول سلول תגובה מולקולה תא
    """,
}
"""Group to its substrings, for scripts without spaces."""
